//! Open a cart for its shopper: to see it, or to edit it.

use kernel::db::{TenantTx, retrying};
use kernel::page::Page;

use super::error::{MAX_QUANTITY, Refusal};
use super::model::{Head, Offer, PricedLine};
use super::view::{Destination, Prices};
use super::{Cart, CartError, CartId, CartShipping, CartStatus, db, proves};
use crate::shop::Shop;

/// The cart, for whoever holds its secret. Prices that have moved are told, and from then on they are seen.
pub async fn show(shop: &Shop, id: CartId, token: &str, to: &Destination) -> Result<Cart, CartError> {
    check(shop, id, token)?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let head = there(db::head(&mut tx, id).await?)?;
        let lines = lines_to_show(&mut tx, &head).await?;
        let prices = Prices::read(&mut tx, shop, &head, to).await?;
        tx.commit().await?;
        prices.cart(head, lines)
    })
    .await
}

/// The ways that are open to the cart with what each costs, for whoever holds its secret.
pub async fn ways(shop: &Shop, id: CartId, token: &str, to: &Destination) -> Result<Page<CartShipping>, CartError> {
    check(shop, id, token)?;
    let mut tx = shop.db.begin().await?;
    let head = there(db::head(&mut tx, id).await?)?;
    let lines = db::priced_lines(&mut tx, id).await?;
    let prices = Prices::read(&mut tx, shop, &head, to).await?;
    tx.commit().await?;
    prices.ways(&head, &lines)
}

/// The cart's lines, about to be shown: prices that have moved count as seen from now on.
pub(super) async fn lines_to_show(tx: &mut TenantTx, head: &Head) -> sqlx::Result<Vec<PricedLine>> {
    let lines = db::priced_lines(tx, head.id).await?;
    if head.status == CartStatus::Open && lines.iter().any(PricedLine::is_news) {
        db::note_seen(tx, head.id, &lines).await?;
    }
    Ok(lines)
}

/// Locks a cart that may be edited, and keeps it from expiring.
pub(super) async fn lock(tx: &mut TenantTx, id: CartId) -> Result<Head, CartError> {
    if let Some(head) = db::touch(tx, id).await? {
        return Ok(head);
    }
    there(db::head(tx, id).await?)?.editable()?;
    // It was being checked out, and has been given back since.
    Err(CartError::Locked)
}

/// Refuses a wrong secret in the words for a cart that is not there.
pub(super) fn check(shop: &Shop, id: CartId, token: &str) -> Result<(), CartError> {
    if proves(shop, id, token) { Ok(()) } else { Err(CartError::NotFound) }
}

/// An open cart that was left alone for too long is gone.
fn there(head: Option<Head>) -> Result<Head, CartError> {
    let expired = |head: &Head| head.expired && head.status == CartStatus::Open;
    head.filter(|head| !expired(head)).ok_or(CartError::NotFound)
}

/// May the cart hold so many of a variant? `offer` is `None` when there is no such variant.
pub(super) fn judge(offer: Option<&Offer>, quantity: i64) -> Result<i32, Refusal> {
    let Some(offer) = offer else { return Err(Refusal::UnknownVariant) };
    if !offer.for_sale {
        return Err(Refusal::NotForSale);
    }
    let accepted = i32::try_from(quantity).ok().filter(|quantity| *quantity <= MAX_QUANTITY);
    let Some(accepted) = accepted else { return Err(Refusal::QuantityLimit { requested: quantity }) };
    if accepted > offer.in_stock {
        return Err(Refusal::NotEnough { requested: quantity, available: offer.in_stock });
    }
    Ok(accepted)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::catalog::VariantId;

    #[test]
    fn a_line_is_for_sale_within_limits_and_in_stock() {
        let offer = |for_sale, in_stock| Offer { variant_id: VariantId(Uuid::nil()), for_sale, in_stock, held: 0 };
        assert_eq!(judge(Some(&offer(true, 3)), 3), Ok(3));
        assert_eq!(judge(Some(&offer(true, 3)), 4), Err(Refusal::NotEnough { requested: 4, available: 3 }));
        assert_eq!(judge(Some(&offer(false, 3)), 1), Err(Refusal::NotForSale));
        assert_eq!(judge(None, 1), Err(Refusal::UnknownVariant));
        assert_eq!(judge(Some(&offer(true, i32::MAX)), 10_001), Err(Refusal::QuantityLimit { requested: 10_001 }));
        assert_eq!(judge(Some(&offer(true, i32::MAX)), 1 << 40), Err(Refusal::QuantityLimit { requested: 1 << 40 }));
    }
}
