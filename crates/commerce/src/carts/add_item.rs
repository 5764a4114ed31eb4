//! Put something into a cart.

use kernel::db::retrying;
use serde::{Deserialize, Serialize};

use super::error::{MAX_LINES, MAX_QUANTITY, RefusedLine};
use super::open::{check, judge, lines_to_show, lock};
use super::view::{Destination, Prices};
use super::{Cart, CartError, CartId, db};
use crate::catalog::VariantId;
use crate::shop::Shop;

/// What to put into a cart.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    /// Of what.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many; they are added to what the cart already holds of it.
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub quantity: i32,
}

/// Adds to a cart's line of this variant, or makes one.
pub async fn add_item(
    shop: &Shop,
    id: CartId,
    token: &str,
    request: &AddItem,
    to: &Destination,
) -> Result<Cart, CartError> {
    check(shop, id, token)?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let head = lock(&mut tx, id).await?;
        let (lines, offer) = db::offer(&mut tx, id, request.variant_id).await?;
        let held = offer.map_or(0, |offer| offer.held);
        let quantity = judge(offer.as_ref(), i64::from(held) + i64::from(request.quantity)).map_err(|refusal| {
            CartError::Refused(vec![RefusedLine { index: None, variant_id: request.variant_id, refusal }])
        })?;
        if held == 0 && lines >= MAX_LINES {
            return Err(CartError::TooManyLines);
        }
        db::put(&mut tx, id, &[(request.variant_id, quantity)]).await?;
        let lines = lines_to_show(&mut tx, &head).await?;
        let cart = Prices::read(&mut tx, shop, &head, to).await?.cart(head, lines)?;
        tx.commit().await?;
        Ok(cart)
    })
    .await
}
