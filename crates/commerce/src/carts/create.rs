//! Create a cart, empty or with its first items.

use kernel::db::retrying;
use serde::{Deserialize, Serialize};

use super::error::RefusedLine;
use super::model::{Offer, PricedLine, Ware, token};
use super::open::judge;
use super::view::{Destination, Prices};
use super::{AddItem, Cart, CartError, CartId, db};
use crate::catalog::VariantId;
use crate::shop::Shop;

/// What a cart starts with.
#[derive(Debug, Clone, Default, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCart {
    /// The first items; several of the same variant become one line.
    #[serde(default)]
    #[garde(length(max = 200), dive)]
    #[schema(max_items = 200)]
    pub items: Vec<AddItem>,
}

/// Creates a cart. The answer is the only one that tells its secret.
pub async fn create(shop: &Shop, request: &CreateCart, to: &Destination) -> Result<Cart, CartError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let id = CartId::new();
        let variants: Vec<VariantId> = request.items.iter().map(|item| item.variant_id).collect();
        let (head, wares) = db::insert(&mut tx, id, shop.currency, &variants).await?;
        let offers: Vec<Offer> = wares.iter().map(Ware::offer).collect();
        let lines = lines(&decide(&request.items, &offers)?, &wares);
        if !lines.is_empty() {
            db::fill(&mut tx, id, &lines).await?;
        }
        let cart = Prices::read(&mut tx, shop, &head, to).await?.cart(head, lines)?;
        tx.commit().await?;
        Ok(Cart { token: Some(token(shop, id)), ..cart })
    })
    .await
}

/// The lines that these items make, in their order, or everything that is wrong with them.
fn decide(items: &[AddItem], offers: &[Offer]) -> Result<Vec<(VariantId, i32)>, CartError> {
    let mut wanted = Vec::<(usize, VariantId, i64)>::new();
    for (index, item) in items.iter().enumerate() {
        let quantity = i64::from(item.quantity);
        match wanted.iter_mut().find(|(_, variant, _)| *variant == item.variant_id) {
            Some((_, _, sum)) => *sum += quantity,
            None => wanted.push((index, item.variant_id, quantity)),
        }
    }
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    for (index, variant_id, quantity) in wanted {
        let offer = offers.iter().find(|offer| offer.variant_id == variant_id);
        match judge(offer, quantity) {
            Ok(quantity) => lines.push((variant_id, quantity)),
            Err(refusal) => refused.push(RefusedLine { index: Some(index), variant_id, refusal }),
        }
    }
    if refused.is_empty() { Ok(lines) } else { Err(CartError::Refused(refused)) }
}

fn lines(wanted: &[(VariantId, i32)], wares: &[Ware]) -> Vec<PricedLine> {
    let line = |(variant, quantity): &(VariantId, i32)| {
        let ware = wares.iter().find(|ware| ware.variant_id == *variant)?;
        Some(ware.line(*quantity))
    };
    wanted.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn items_of_one_variant_become_one_line_and_every_fault_is_told() {
        let variant = |n| VariantId(Uuid::from_u128(n));
        let item = |n, quantity| AddItem { variant_id: variant(n), quantity };
        let offer = |n, in_stock| Offer { variant_id: variant(n), for_sale: true, in_stock, held: 0 };
        let offers = [offer(1, 5), offer(2, 5)];
        let lines = decide(&[item(2, 1), item(1, 2), item(2, 3)], &offers).expect("fine");
        assert_eq!(lines, [(variant(2), 4), (variant(1), 2)]);

        let Err(CartError::Refused(refused)) = decide(&[item(1, 6), item(2, 1), item(2, 5)], &offers) else {
            panic!("accepted")
        };
        assert_eq!(refused.iter().map(|line| line.index).collect::<Vec<_>>(), [Some(0), Some(1)]);
    }
}
