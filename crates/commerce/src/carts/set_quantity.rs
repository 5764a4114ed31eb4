//! Change how many of something are in a cart, or take it out.

use kernel::db::retrying;
use serde::{Deserialize, Serialize};

use super::error::{MAX_QUANTITY, RefusedLine};
use super::open::{check, judge, lines_to_show, lock};
use super::view::{Destination, Prices};
use super::{Cart, CartError, CartId, CartItemId, db};
use crate::shop::Shop;

/// How many are wanted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuantity {
    /// So many in all; 0 takes the line out.
    #[garde(range(min = 0, max = MAX_QUANTITY))]
    #[schema(minimum = 0, maximum = 10_000)]
    pub quantity: i32,
}

/// Sets the quantity of a cart's line.
pub async fn set_quantity(
    shop: &Shop,
    id: CartId,
    item: CartItemId,
    token: &str,
    quantity: i32,
    to: &Destination,
) -> Result<Cart, CartError> {
    check(shop, id, token)?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let head = lock(&mut tx, id).await?;
        if quantity == 0 {
            if !db::remove(&mut tx, id, item).await? {
                return Err(CartError::NoItem);
            }
            let lines = lines_to_show(&mut tx, &head).await?;
            let prices = Prices::read(&mut tx, shop, &head, to).await?;
            // What was taken out is out, even if what remains still costs more than a cart may.
            tx.commit().await?;
            return prices.cart(head, lines);
        }
        let offer = db::offer_of_item(&mut tx, id, item).await?.ok_or(CartError::NoItem)?;
        let variant_id = offer.variant_id;
        let quantity = judge(Some(&offer), i64::from(quantity))
            .map_err(|refusal| CartError::Refused(vec![RefusedLine { index: None, variant_id, refusal }]))?;
        db::put(&mut tx, id, &[(variant_id, quantity)]).await?;
        let lines = lines_to_show(&mut tx, &head).await?;
        let cart = Prices::read(&mut tx, shop, &head, to).await?.cart(head, lines)?;
        tx.commit().await?;
        Ok(cart)
    })
    .await
}
