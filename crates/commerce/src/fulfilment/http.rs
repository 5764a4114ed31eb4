//! The HTTP face of fulfilment.

use axum::http::StatusCode;
use kernel::http::{Json, Path, Query};
use kernel::idempotency::{Answer, IdempotencyKey, fingerprint};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::detail::detail;
use super::pending::pending;
use super::{CancelOrder, DeliverOrder, FulfilmentError, OrderDetail, PendingOrder, ShipOrder, Shipment, db};
use crate::access::{OrdersFulfil, OrdersRead, OrdersWrite, Staff};
use crate::idempotency;
use crate::orders::{self, OrderId};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(list_pending))
        .routes(routes!(shipments))
        .routes(routes!(confirm))
        .routes(routes!(pack))
        .routes(routes!(ship))
        .routes(routes!(deliver))
        .routes(routes!(fulfil))
        .routes(routes!(cancel))
}

/// Does an act, once if it has a key, and answers with the order as it has become.
async fn act(
    shop: &Shop,
    key: Option<IdempotencyKey>,
    (verb, id): (&str, OrderId),
    request: &impl Serialize,
    act: impl AsyncFnOnce() -> Result<(), FulfilmentError>,
) -> Result<Answer, Problem> {
    let answered = async || {
        act().await?;
        let mut tx = shop.db.begin().await.map_err(Problem::database)?;
        let order = detail(&mut tx, id).await?;
        tx.commit().await.map_err(Problem::database)?;
        Answer::new(StatusCode::OK, &order)
    };
    let Some(key) = key else { return answered().await };
    let scope = format!("POST /api/v1/admin/orders/{id}/{verb}");
    let asked = fingerprint(&scope, request)?;
    idempotency::once(shop, &scope, &key, asked, answered).await
}

/// See an order with everything that belongs to it.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "The order", body = OrderDetail), (status = 404, description = "No such order")))]
async fn show(_: Staff<OrdersRead>, shop: Shop, Path(id): Path<OrderId>) -> Result<Json<OrderDetail>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let order = detail(&mut tx, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(order))
}

/// List the orders that wait for somebody to do something, the oldest first: to be confirmed, reviewed, packed or
/// shipped, with a payment that does not fit, or with an error that nobody has seen to.
#[utoipa::path(get, path = "/api/v1/admin/orders/pending", tag = "orders", params(PageQuery), security(("staff" = [])),
    responses((status = 200, description = "A page of orders and why they wait", body = Page<PendingOrder>)))]
async fn list_pending(
    _: Staff<OrdersRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PendingOrder>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after::<OrderId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = pending(&mut tx, after, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, PendingOrder::id)))
}

/// What of an order has left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Shipments {
    data: Vec<Shipment>,
}

/// See what of an order has left.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}/shipments", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "Its shipments", body = Shipments), (status = 404, description = "No such order")))]
async fn shipments(_: Staff<OrdersRead>, shop: Shop, Path(id): Path<OrderId>) -> Result<Json<Shipments>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    orders::order(&mut tx, id).await?;
    let data = db::of_order(&mut tx, id).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(Shipments { data }))
}

/// Confirm an order that nobody pays by card.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/confirm", tag = "orders",
    params(("id" = OrderId, Path), ("idempotency-key" = Option<String>, Header, description = "The same for retries")),
    security(("staff" = [])),
    responses(
        (status = 200, description = "It is confirmed", body = OrderDetail),
        (status = 400, description = "`idempotency.key_invalid`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.wrong_stage`, `order.under_review`, `order.paid_by_card`, `order.locked`, `idempotency.key_reused`, `idempotency.in_progress`"),
    ))]
async fn confirm(
    _: Staff<OrdersWrite>,
    shop: Shop,
    key: Option<IdempotencyKey>,
    Path(id): Path<OrderId>,
) -> Result<Answer, Problem> {
    act(&shop, key, ("confirm", id), &(), async || super::confirm(&shop, id).await).await
}

/// Pack an order: its goods are taken from the shelf. From here on it can no longer be cancelled.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/pack", tag = "orders",
    params(("id" = OrderId, Path), ("idempotency-key" = Option<String>, Header, description = "The same for retries")),
    security(("staff" = [])),
    responses(
        (status = 200, description = "It is packed", body = OrderDetail),
        (status = 400, description = "`idempotency.key_invalid`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.wrong_stage`, `order.under_review`, `order.locked`, `idempotency.key_reused`, `idempotency.in_progress`"),
    ))]
async fn pack(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    key: Option<IdempotencyKey>,
    Path(id): Path<OrderId>,
) -> Result<Answer, Problem> {
    act(&shop, key, ("pack", id), &(), async || super::pack(&shop, id).await).await
}

/// Send goods of a packed order off: all that is left, or some of it. They leave the stock; the order is shipped when
/// nothing is left.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/ship", tag = "orders",
    params(("id" = OrderId, Path), ("idempotency-key" = Option<String>, Header, description = "The same for retries")),
    request_body = ShipOrder, security(("staff" = [])),
    responses(
        (status = 200, description = "They have left", body = OrderDetail),
        (status = 400, description = "`request.malformed`, `idempotency.key_invalid`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.wrong_stage`, `order.under_review`, `order.locked`, `shipment.more_than_left`, `shipment.nothing_left`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`, also for lines that are not the order's"),
    ))]
async fn ship(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    key: Option<IdempotencyKey>,
    Path(id): Path<OrderId>,
    Json(request): Json<ShipOrder>,
) -> Result<Answer, Problem> {
    act(&shop, key, ("ship", id), &request, async || super::ship(&shop, id, &request).await).await
}

/// Note that shipments have arrived: one, or all that are on their way. When all of the order has, it is delivered, and
/// cash counts as collected.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/deliver", tag = "orders",
    params(("id" = OrderId, Path), ("idempotency-key" = Option<String>, Header, description = "The same for retries")),
    request_body = DeliverOrder, security(("staff" = [])),
    responses(
        (status = 200, description = "They have arrived", body = OrderDetail),
        (status = 400, description = "`request.malformed`, `idempotency.key_invalid`"),
        (status = 404, description = "No such order, or no such shipment of it"),
        (status = 409, description = "`order.wrong_stage`, `order.locked`, `shipment.delivered`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn deliver(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    key: Option<IdempotencyKey>,
    Path(id): Path<OrderId>,
    Json(request): Json<DeliverOrder>,
) -> Result<Answer, Problem> {
    act(&shop, key, ("deliver", id), &request, async || super::deliver(&shop, id, &request).await).await
}

/// Close an order that has left, when nobody will say that it arrived. Cash counts as collected.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/fulfil", tag = "orders",
    params(("id" = OrderId, Path), ("idempotency-key" = Option<String>, Header, description = "The same for retries")),
    security(("staff" = [])),
    responses(
        (status = 200, description = "It is fulfilled", body = OrderDetail),
        (status = 400, description = "`idempotency.key_invalid`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.wrong_stage`, `order.locked`, `idempotency.key_reused`, `idempotency.in_progress`"),
    ))]
async fn fulfil(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    key: Option<IdempotencyKey>,
    Path(id): Path<OrderId>,
) -> Result<Answer, Problem> {
    act(&shop, key, ("fulfil", id), &(), async || super::fulfil(&shop, id).await).await
}

/// Call an order off, while nothing of it was packed. Its goods go back into stock, and so does what was paid.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/cancel", tag = "orders",
    params(("id" = OrderId, Path), ("idempotency-key" = String, Header, description = "New for each act, the same for its retries")),
    request_body = CancelOrder, security(("staff" = [])),
    responses(
        (status = 200, description = "It is called off; `refunds` says what goes back", body = OrderDetail),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`, `request.malformed`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.too_late_to_cancel`: refund its lines; `order.wrong_stage`, `order.changed`, `order.locked`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
        (status = 503, description = "`payment.provider_unavailable`: the order goes on for now, send it again"),
    ))]
async fn cancel(
    _: Staff<OrdersWrite>,
    shop: Shop,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    Json(request): Json<CancelOrder>,
) -> Result<Answer, Problem> {
    act(&shop, Some(key), ("cancel", id), &request, async || super::cancel(&shop, id, &request).await).await
}
