//! Use a promotion's code in a cart, or do without it.

use kernel::db::retrying;
use serde::Deserialize;

use super::model::Head;
use super::open::{check, lines_to_show, lock};
use super::view::{Destination, Prices};
use super::{Cart, CartError, CartId, db};
use crate::pricing::normal_code;
use crate::shop::Shop;

/// Which code to use.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsePromo {
    /// As the shopper knows it, in any case.
    #[garde(length(chars, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "SUMMER")]
    pub code: String,
}

/// Notes the code in the cart, in place of the one before, if it applies now. Later it may cease to: then the cart says
/// so, and keeps it.
pub async fn use_promo(
    shop: &Shop,
    id: CartId,
    token: &str,
    request: &UsePromo,
    to: &Destination,
) -> Result<Cart, CartError> {
    check(shop, id, token)?;
    let code = normal_code(&request.code);
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let head = Head { promo_code: Some(code.clone()), ..lock(&mut tx, id).await? };
        let lines = lines_to_show(&mut tx, &head).await?;
        let prices = Prices::read(&mut tx, shop, &head, to).await?;
        let wrong = if code.is_empty() { vec![unknown()] } else { prices.problems(&head, &lines)? };
        if !wrong.is_empty() {
            return Err(CartError::Promo(wrong));
        }
        db::set_promo(&mut tx, id, Some(&code)).await?;
        let cart = prices.cart(head, lines)?;
        tx.commit().await?;
        Ok(cart)
    })
    .await
}

/// Forgets the cart's code. Doing it again changes nothing.
pub async fn drop_promo(shop: &Shop, id: CartId, token: &str, to: &Destination) -> Result<Cart, CartError> {
    check(shop, id, token)?;
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let head = Head { promo_code: None, ..lock(&mut tx, id).await? };
        db::set_promo(&mut tx, id, None).await?;
        let lines = lines_to_show(&mut tx, &head).await?;
        let prices = Prices::read(&mut tx, shop, &head, to).await?;
        tx.commit().await?;
        prices.cart(head, lines)
    })
    .await
}

fn unknown() -> kernel::problem::FieldError {
    kernel::problem::FieldError::new("code", "PROMO_NOT_FOUND", "is no code of this store")
}
