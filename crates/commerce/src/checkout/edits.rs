//! Lets an edit of a cart call its purchase off, where the store wants that.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::http::body;
use kernel::problem::Problem;

use super::end::{Ending, end};
use super::{CheckoutError, db};
use crate::carts::CartId;
use crate::settings;
use crate::shop::Shop;

/// Around the routes of carts: an edit that is refused because the cart is being bought calls the purchase off, if the
/// store says so, and is tried once more. Carts know nothing of checkouts.
pub async fn edits_call_off(request: Request, next: Next) -> Response {
    let (Some(shop), Some(cart)) = (request.extensions().get::<Shop>().cloned(), cart_of(request.uri().path())) else {
        return next.run(request).await;
    };
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (parts, sent) = request.into_parts();
    let bytes = match body(Request::from_parts(parts.clone(), sent), &()).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let answer = next.clone().run(Request::from_parts(parts.clone(), Body::from(bytes.clone()))).await;
    if answer.extensions().get::<Problem>().is_none_or(|problem| problem.code != "cart.locked") {
        return answer;
    }
    // Whoever got this far has proved that the cart is theirs.
    match call_off(&shop, cart).await {
        Ok(true) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(false) => answer,
        Err(error) => Problem::from(error).into_response(),
    }
}

fn cart_of(path: &str) -> Option<CartId> {
    path.strip_prefix("/api/v1/carts/")?.split('/').next()?.parse().ok()
}

/// Calls the cart's purchase off, if the store lets edits do that. Paid in the last moment: it is not called off, and
/// the cart says so.
async fn call_off(shop: &Shop, cart: CartId) -> Result<bool, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let wanted = settings::read(&mut tx).await?.edit_cancels_checkout;
    let live = db::under_way(&mut tx, cart).await?;
    tx.commit().await?;
    let Some(checkout) = live.filter(|_| wanted) else { return Ok(false) };
    tracing::info!(
        tenant = %shop.slug, request_id = shop.origin.request_id, checkout_id = %checkout, cart_id = %cart,
        "an edit of the cart calls the checkout off"
    );
    match end(shop, checkout, Ending::Cancelled).await {
        Ok(()) | Err(CheckoutError::Ended(_)) => Ok(true),
        Err(error) => Err(error),
    }
}
