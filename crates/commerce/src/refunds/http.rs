//! The HTTP face of refunds.

use kernel::http::{Json, Path, Query};
use kernel::idempotency::{Answer, IdempotencyKey};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::approval::Asker;
use super::model::ShopperRefund;
use super::plan::{RequestRefund, reason_problems};
use super::request::RefundPreview;
use super::{Refund, RefundError, RefundId, Status, db, decide, request, retry, settle};
use crate::access::{OrderToken, RefundsApprove, RefundsRead, RefundsWrite, Staff};
use crate::orders::{self, OrderError, OrderId};
use crate::shop::Shop;

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(ask, show_to_shopper))
}

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, of_order))
        .routes(routes!(preview))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(cancel))
        .routes(routes!(retry_failed))
        .routes(routes!(settle_by_hand))
}

/// Ask for a refund of an order.
///
/// The store decides about it.
#[utoipa::path(post, path = "/api/v1/orders/{id}/refund-requests", tag = "refunds",
    params(
        ("id" = OrderId, Path),
        ("idempotency-key" = String, Header, description = "New for each request, the same for its retries"),
        ("order-token" = String, Header, description = "The order's secret"),
    ),
    request_body = RequestRefund,
    responses(
        (status = 201, description = "It waits for the store's word", body = ShopperRefund),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`, `request.malformed`"),
        (status = 401, description = "`order.token_required`"),
        (status = 404, description = "No such order, or not with this token"),
        (status = 409, description = "`refund.nothing_captured`, `refund.exceeds_rest` with what is left, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`, with everything that is wrong"),
    ))]
async fn ask(
    shop: Shop,
    OrderToken(token): OrderToken,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    Json(body): Json<RequestRefund>,
) -> Result<Answer, Problem> {
    proved(&shop, id, &token)?;
    request::request(&shop, &key, id, Asker::Shopper, &body).await
}

fn proved(shop: &Shop, id: OrderId, token: &str) -> Result<(), Problem> {
    if orders::proves(shop, id, token) { Ok(()) } else { Err(OrderError::NotFound.into()) }
}

/// The refunds of an order, as its shopper sees them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ShopperRefunds {
    /// The oldest first.
    data: Vec<ShopperRefund>,
}

/// See what was asked and given back of an order.
#[utoipa::path(get, path = "/api/v1/orders/{id}/refund-requests", tag = "refunds",
    params(("id" = OrderId, Path), ("order-token" = String, Header, description = "The order's secret")),
    responses(
        (status = 200, description = "Its refunds, the oldest first", body = ShopperRefunds),
        (status = 401, description = "`order.token_required`"),
        (status = 404, description = "No such order, or not with this token"),
    ))]
async fn show_to_shopper(
    shop: Shop,
    OrderToken(token): OrderToken,
    Path(id): Path<OrderId>,
) -> Result<Json<ShopperRefunds>, Problem> {
    proved(&shop, id, &token)?;
    let data = load_of_order(&shop, id).await?.into_iter().map(ShopperRefund::of).collect();
    Ok(Json(ShopperRefunds { data }))
}

async fn load_of_order(shop: &Shop, id: OrderId) -> Result<Vec<Refund>, RefundError> {
    let mut tx = shop.db.begin().await?;
    // That there is such an order.
    orders::sold(&mut tx, id).await?;
    let refunds = db::of_order(&mut tx, id).await?;
    tx.commit().await?;
    Ok(refunds)
}

/// Give money of an order back.
///
/// By lines, at what was paid for them, or by amount. Above what the caller's role may give back alone it waits for
/// somebody else's approval.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/refunds", tag = "refunds", security(("staff" = [])),
    params(
        ("id" = OrderId, Path),
        ("idempotency-key" = String, Header, description = "New for each refund, the same for its retries"),
    ),
    request_body = RequestRefund,
    responses(
        (status = 201, description = "It is approved, or waits for a second person", body = Refund),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`, `request.malformed`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`refund.nothing_captured`, `refund.exceeds_rest` with what is left, `order.locked`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`, with everything that is wrong"),
    ))]
async fn create(
    staff: Staff<RefundsWrite>,
    shop: Shop,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    Json(body): Json<RequestRefund>,
) -> Result<Answer, Problem> {
    request::request(&shop, &key, id, Asker::Staff(staff.identity.role), &body).await
}

/// Say what a refund would come to, and do nothing.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/refunds/preview", tag = "refunds", security(("staff" = [])),
    params(("id" = OrderId, Path)), request_body = RequestRefund,
    responses(
        (status = 200, description = "What it would come to", body = RefundPreview),
        (status = 400, description = "`request.malformed`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`refund.nothing_captured`, `refund.exceeds_rest` with what is left"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`, with everything that is wrong"),
    ))]
async fn preview(
    staff: Staff<RefundsWrite>,
    shop: Shop,
    Path(id): Path<OrderId>,
    Json(body): Json<RequestRefund>,
) -> Result<Json<RefundPreview>, Problem> {
    Ok(Json(request::preview(&shop, id, Asker::Staff(staff.identity.role), &body).await?))
}

/// The refunds of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Refunds {
    /// The oldest first.
    data: Vec<Refund>,
}

/// See the refunds of an order.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}/refunds", tag = "refunds", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "Its refunds, the oldest first", body = Refunds), (status = 404, description = "No such order")))]
async fn of_order(_: Staff<RefundsRead>, shop: Shop, Path(id): Path<OrderId>) -> Result<Json<Refunds>, Problem> {
    Ok(Json(Refunds { data: load_of_order(&shop, id).await? }))
}

/// Which refunds to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RefundsQuery {
    /// Only those that stand so.
    #[param(inline)]
    status: Option<Status>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List refunds, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/refunds", tag = "refunds", params(RefundsQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of refunds", body = Page<Refund>),
        (status = 400, description = "`request.invalid_query`"),
    ))]
async fn list(
    _: Staff<RefundsRead>,
    shop: Shop,
    Query(query): Query<RefundsQuery>,
) -> Result<Json<Page<Refund>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<RefundId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::list(&mut tx, query.status, before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |refund| refund.id)))
}

/// See a refund.
#[utoipa::path(get, path = "/api/v1/admin/refunds/{id}", tag = "refunds", params(("id" = RefundId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "The refund", body = Refund), (status = 404, description = "No such refund")))]
async fn show(_: Staff<RefundsRead>, shop: Shop, Path(id): Path<RefundId>) -> Result<Json<Refund>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let refund = db::one(&mut tx, id).await?.ok_or(RefundError::NotFound)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(refund))
}

/// Approve a refund that somebody else asked for.
#[utoipa::path(post, path = "/api/v1/admin/refunds/{id}/approve", tag = "refunds", params(("id" = RefundId, Path)),
    security(("staff" = [])),
    responses(
        (status = 200, description = "It is approved; the provider is asked", body = Refund),
        (status = 403, description = "`refund.own_request`"),
        (status = 404, description = "No such refund"),
        (status = 409, description = "`refund.wrong_status`, `order.locked`"),
    ))]
async fn approve(_: Staff<RefundsApprove>, shop: Shop, Path(id): Path<RefundId>) -> Result<Json<Refund>, Problem> {
    Ok(Json(decide::approve(&shop, id).await?))
}

/// Why a refund is rejected.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectRefund {
    /// Who asked for it reads this.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Reject a refund.
#[utoipa::path(post, path = "/api/v1/admin/refunds/{id}/reject", tag = "refunds", params(("id" = RefundId, Path)),
    security(("staff" = [])), request_body = RejectRefund,
    responses(
        (status = 200, description = "It is rejected", body = Refund),
        (status = 400, description = "`request.malformed`"),
        (status = 404, description = "No such refund"),
        (status = 409, description = "`refund.wrong_status`, `order.locked`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn reject(
    _: Staff<RefundsApprove>,
    shop: Shop,
    Path(id): Path<RefundId>,
    Json(body): Json<RejectRefund>,
) -> Result<Json<Refund>, Problem> {
    visible(&body.reason, "reason", 500)?;
    Ok(Json(decide::reject(&shop, id, &body.reason).await?))
}

fn visible(text: &str, field: &str, longest: usize) -> Result<(), Problem> {
    let mut problems = reason_problems(text, field);
    if problems.is_empty() && text.chars().count() > longest {
        let message = format!("must not be longer than {longest} characters");
        problems.push(kernel::problem::FieldError::new(field, "invalid", message));
    }
    if problems.is_empty() { Ok(()) } else { Err(Problem::invalid(problems)) }
}

/// Call a refund off before the provider is asked.
#[utoipa::path(post, path = "/api/v1/admin/refunds/{id}/cancel", tag = "refunds", params(("id" = RefundId, Path)),
    security(("staff" = [])),
    responses(
        (status = 200, description = "It is called off", body = Refund),
        (status = 403, description = "`refund.not_yours`"),
        (status = 404, description = "No such refund"),
        (status = 409, description = "`refund.wrong_status`, `order.locked`"),
    ))]
async fn cancel(staff: Staff<RefundsWrite>, shop: Shop, Path(id): Path<RefundId>) -> Result<Json<Refund>, Problem> {
    Ok(Json(decide::cancel(&shop, staff.identity, id).await?))
}

/// Try a failed refund again, once.
#[utoipa::path(post, path = "/api/v1/admin/refunds/{id}/retry", tag = "refunds", params(("id" = RefundId, Path)),
    security(("staff" = [])),
    responses(
        (status = 200, description = "The new refund, which names the failed one", body = Refund),
        (status = 404, description = "No such refund"),
        (status = 409, description = "`refund.wrong_status`, `refund.retried_before`, `refund.exceeds_rest`, `order.locked`"),
    ))]
async fn retry_failed(
    staff: Staff<RefundsWrite>,
    shop: Shop,
    Path(id): Path<RefundId>,
) -> Result<Json<Refund>, Problem> {
    Ok(Json(retry::retry(&shop, Asker::Staff(staff.identity.role), id).await?))
}

/// How cash was given back.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SettleRefund {
    /// A receipt's number, a transfer's id.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 200)]
    reference: String,
}

/// Note that an approved refund was given back by hand: what was paid in cash, or otherwise past the provider.
#[utoipa::path(post, path = "/api/v1/admin/refunds/{id}/settle", tag = "refunds", params(("id" = RefundId, Path)),
    security(("staff" = [])), request_body = SettleRefund,
    responses(
        (status = 200, description = "The money has gone back", body = Refund),
        (status = 400, description = "`request.malformed`"),
        (status = 404, description = "No such refund"),
        (status = 409, description = "`refund.wrong_status`, `refund.not_by_hand`, `order.locked`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn settle_by_hand(
    _: Staff<RefundsWrite>,
    shop: Shop,
    Path(id): Path<RefundId>,
    Json(body): Json<SettleRefund>,
) -> Result<Json<Refund>, Problem> {
    visible(&body.reference, "reference", 200)?;
    Ok(Json(settle::settle(&shop, id, &body.reference).await?))
}
