//! The HTTP face of checkout.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use kernel::http::{Json, Path, Query, body};
use kernel::idempotency::{Answer, IdempotencyKey, fingerprint};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::db::{self, CheckoutEntry, Wanted};
use super::explain::Explanation;
use super::model::Status;
use super::review::{self, ReviewOrder};
use super::view::{self, Purchase};
use super::{CheckoutError, CheckoutId, StartCheckout, end};
use crate::access::{CartToken, OrdersRead, OrdersReview, Staff};
use crate::carts::CartId;
use crate::orders::{self, Order, OrderId};
use crate::shop::Shop;
use crate::{carts, idempotency};

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(show)).routes(routes!(cancel))
}

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show_to_staff))
        .routes(routes!(explain))
        .routes(routes!(approve))
        .routes(routes!(reject))
}

/// The route for the payment provider, which nothing may guard but its signature.
pub fn provider_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(receive))
}

/// Buy a cart.
///
/// The goods are held until `expires_at`. With `card`, confirm the payment with `payment.client_secret`; the order is
/// paid when the provider says so. With `cod` the order is confirmed at once.
#[utoipa::path(post, path = "/api/v1/checkouts", tag = "checkout",
    params(
        ("idempotency-key" = String, Header, description = "New for each purchase, the same for its retries"),
        ("cart-token" = String, Header, description = "The cart's secret"),
    ),
    request_body = StartCheckout,
    responses(
        (status = 201, description = "The order exists and its goods are held", body = Purchase),
        (status = 200, description = "The cart is being bought already: that purchase", body = Purchase),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`, `request.malformed`"),
        (status = 401, description = "`cart.token_required`"),
        (status = 402, description = "`payment.refused`"),
        (status = 403, description = "`limit.reached`, `tenant.suspended`"),
        (status = 404, description = "No such cart, or not with this token"),
        (status = 409, description = "`stock.insufficient`, `checkout.price_changed`, `cart.completed`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`checkout.invalid`, with everything that is wrong; `request.invalid`"),
        (status = 503, description = "`payment.provider_unavailable`, `checkout.queue_full`, `unavailable`: send it again with the same key"),
    ))]
async fn start(
    shop: Shop,
    CartToken(token): CartToken,
    key: IdempotencyKey,
    Json(request): Json<StartCheckout>,
) -> Result<Answer, Problem> {
    super::start(&shop, &key, &token, &request).await
}

/// The checkout's cart must be the caller's.
async fn owned(shop: &Shop, id: CheckoutId, token: &str) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let checkout = db::read(&mut tx, id).await?;
    tx.commit().await?;
    match checkout {
        Some(checkout) if carts::proves(shop, checkout.cart, token) => Ok(()),
        Some(_) | None => Err(CheckoutError::NotFound),
    }
}

/// See how a purchase stands.
#[utoipa::path(get, path = "/api/v1/checkouts/{id}", tag = "checkout",
    params(("id" = CheckoutId, Path), ("cart-token" = String, Header, description = "The cart's secret")),
    responses(
        (status = 200, description = "The purchase", body = Purchase),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such checkout, or not with this token"),
    ))]
async fn show(shop: Shop, CartToken(token): CartToken, Path(id): Path<CheckoutId>) -> Result<Json<Purchase>, Problem> {
    owned(&shop, id, &token).await?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let purchase = view::read(&mut tx, &shop, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(purchase))
}

/// Call a purchase off before it is paid.
#[utoipa::path(post, path = "/api/v1/checkouts/{id}/cancel", tag = "checkout",
    params(
        ("id" = CheckoutId, Path),
        ("idempotency-key" = String, Header, description = "New for each act, the same for its retries"),
        ("cart-token" = String, Header, description = "The cart's secret"),
    ),
    responses(
        (status = 200, description = "It is called off, or had ended before; the goods are free, the cart is open", body = Purchase),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`"),
        (status = 401, description = "`cart.token_required`"),
        (status = 404, description = "No such checkout, or not with this token"),
        (status = 409, description = "`checkout.ended`: it is bought; `idempotency.in_progress`"),
        (status = 503, description = "`payment.provider_unavailable`: the goods stay held, send it again"),
    ))]
async fn cancel(
    shop: Shop,
    CartToken(token): CartToken,
    key: IdempotencyKey,
    Path(id): Path<CheckoutId>,
) -> Result<Answer, Problem> {
    owned(&shop, id, &token).await?;
    let scope = format!("POST /api/v1/checkouts/{id}/cancel");
    let asked = fingerprint(&scope, &())?;
    idempotency::once(&shop, &scope, &key, asked, async || end::cancel(&shop, id).await).await
}

/// Which checkouts to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CheckoutsQuery {
    /// Only those that are `active`, `completed`, `failed`, `expired` or `cancelled`.
    status: Option<String>,
    /// Only those of this cart.
    cart_id: Option<CartId>,
    /// Only those that are active though their time is over.
    overdue: Option<bool>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List checkouts, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/checkouts", tag = "checkout", params(CheckoutsQuery),
    security(("staff" = [])),
    responses((status = 200, description = "A page of checkouts", body = Page<CheckoutEntry>)))]
async fn list(
    _: Staff<OrdersRead>,
    shop: Shop,
    Query(query): Query<CheckoutsQuery>,
) -> Result<Json<Page<CheckoutEntry>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<CheckoutId>(query.cursor.as_deref())?;
    let status = match query.status.as_deref() {
        None => None,
        Some(name) => {
            Some(Status::named(name).ok_or_else(|| Problem::invalid_query("status", "is not a status of checkouts"))?)
        }
    };
    let wanted = Wanted { status, cart: query.cart_id, overdue: query.overdue == Some(true) };
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::list(&mut tx, &wanted, before, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |checkout| checkout.id)))
}

/// See a checkout with its log: phases and compensations, with times and durations.
#[utoipa::path(get, path = "/api/v1/admin/checkouts/{id}", tag = "checkout", params(("id" = CheckoutId, Path)),
    security(("staff" = [])),
    responses(
        (status = 200, description = "The checkout", body = CheckoutEntry),
        (status = 404, description = "No such checkout"),
    ))]
async fn show_to_staff(
    _: Staff<OrdersRead>,
    shop: Shop,
    Path(id): Path<CheckoutId>,
) -> Result<Json<CheckoutEntry>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let found = db::entry(&mut tx, id).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(found.ok_or(CheckoutError::NotFound)?))
}

/// See rule by rule how an order's amounts came about.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}/explain", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses(
        (status = 200, description = "Each line and the totals", body = Explanation),
        (status = 404, description = "No such order"),
    ))]
async fn explain(_: Staff<OrdersRead>, shop: Shop, Path(id): Path<OrderId>) -> Result<Json<Explanation>, Problem> {
    Ok(Json(super::explain::explain(&shop, id).await?))
}

/// Let an order go on that waits for a person's word.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/approve", tag = "orders", params(("id" = OrderId, Path)),
    request_body = ReviewOrder, security(("staff" = [])),
    responses(
        (status = 200, description = "It goes on, or did before", body = Order),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.not_under_review`, `order.reviewed`: it was rejected, `order.wrong_stage`, `order.locked`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn approve(
    _: Staff<OrdersReview>,
    shop: Shop,
    Path(id): Path<OrderId>,
    Json(request): Json<ReviewOrder>,
) -> Result<Json<Order>, Problem> {
    review::approve(&shop, id, request.reason.as_deref()).await?;
    order(&shop, id).await
}

/// Stop an order for good that waits for a person's word.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/reject", tag = "orders", params(("id" = OrderId, Path)),
    request_body = ReviewOrder, security(("staff" = [])),
    responses(
        (status = 200, description = "It is cancelled, or was before", body = Order),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.not_under_review`, `order.reviewed`: it was approved, `order.wrong_stage`, `order.locked`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
        (status = 503, description = "`payment.provider_unavailable`: send it again"),
    ))]
async fn reject(
    _: Staff<OrdersReview>,
    shop: Shop,
    Path(id): Path<OrderId>,
    Json(request): Json<ReviewOrder>,
) -> Result<Json<Order>, Problem> {
    review::reject(&shop, id, request.reason.as_deref()).await?;
    order(&shop, id).await
}

async fn order(shop: &Shop, id: OrderId) -> Result<Json<Order>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let order = orders::order(&mut tx, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(order))
}

/// Receive the payment provider's news.
#[utoipa::path(post, path = "/webhooks/stripe/payments", tag = "provider",
    params(("stripe-signature" = String, Header, description = "`t=…,v1=…`")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "Kept"),
        (status = 400, description = "`webhook.invalid_signature`, `webhook.body_differs`"),
        (status = 413, description = "`request.too_large`"),
    ))]
async fn receive(shop: Shop, headers: HeaderMap, request: Request) -> Result<StatusCode, Problem> {
    let signature =
        headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let payload = body(request, &()).await?;
    super::receive(&shop, &payload, &signature).await?;
    Ok(StatusCode::OK)
}
