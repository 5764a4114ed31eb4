//! The HTTP face of how an order is paid: another attempt, a capture, money that came by itself, messages put aside.

use axum::http::StatusCode;
use kernel::http::{Json, Path};
use kernel::idempotency::{Answer, IdempotencyKey, fingerprint};
use kernel::problem::{FieldError, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::attempt::{Attempt, PayOtherwise, pay_otherwise};
use super::mark_paid::{MarkPaid, mark_paid};
use super::model::Method;
use super::{capture, receive};
use crate::access::{OrderToken, PaymentsWrite, Staff};
use crate::activity::{self, Act};
use crate::idempotency;
use crate::orders::{self, Order, OrderError, OrderId};
use crate::shop::Shop;

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(pay))
}

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(capture_order)).routes(routes!(mark_order_paid)).routes(routes!(replay))
}

/// Pay an order in another way, or once more.
///
/// The live payment is called off first. If it turns out to be paid, so is the order, and this is refused.
#[utoipa::path(post, path = "/api/v1/orders/{id}/payments", tag = "orders",
    params(
        ("id" = OrderId, Path),
        ("idempotency-key" = String, Header, description = "New for each act, the same for its retries"),
        ("order-token" = String, Header, description = "The order's secret"),
    ),
    request_body = PayOtherwise,
    responses(
        (status = 201, description = "The payment that is live now", body = Attempt),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`, `request.malformed`"),
        (status = 401, description = "`order.token_required`"),
        (status = 402, description = "`payment.refused`"),
        (status = 404, description = "No such order, or not with this token"),
        (status = 409, description = "`payment.already_paid`, `payment.method_not_allowed`, `checkout.ended`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
        (status = 503, description = "`payment.provider_unavailable`: send it again with the same key"),
    ))]
async fn pay(
    shop: Shop,
    OrderToken(token): OrderToken,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    Json(request): Json<PayOtherwise>,
) -> Result<Answer, Problem> {
    if !orders::proves(&shop, id, &token) {
        return Err(OrderError::NotFound.into());
    }
    let Some(method) = Method::from_name(&request.payment_method) else {
        let wrong = FieldError::new("payment_method", "INVALID_PAYMENT", "must be `card`, `cod` or `manual`");
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", &wrong.message);
        return Err(problem.with_errors(vec![wrong]));
    };
    let scope = format!("POST /api/v1/orders/{id}/payments");
    let asked = fingerprint(&scope, &request)?;
    idempotency::once(&shop, &scope, &key, asked, async || pay_otherwise(&shop, id, &key, method).await).await
}

/// Capture the authorised money of an order.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/capture", tag = "payments",
    params(
        ("id" = OrderId, Path),
        ("idempotency-key" = String, Header, description = "New for each act, the same for its retries"),
    ),
    security(("staff" = [])),
    responses(
        (status = 200, description = "The order, which is paid", body = Order),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`"),
        (status = 402, description = "`payment.capture_refused`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`payment.not_authorized`, `order.under_review`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 503, description = "`payment.provider_unavailable`: it goes on by itself; send it again to learn the end"),
    ))]
async fn capture_order(
    _: Staff<PaymentsWrite>,
    shop: Shop,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
) -> Result<Answer, Problem> {
    let scope = format!("POST /api/v1/admin/orders/{id}/capture");
    let asked = fingerprint(&scope, &())?;
    idempotency::once(&shop, &scope, &key, asked, async || {
        exists(&shop, id).await?;
        capture::capture(&shop, id).await?;
        order(&shop, id).await
    })
    .await
}

/// Mark an order as paid whose money comes by itself, such as by bank transfer.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/mark-paid", tag = "payments",
    params(
        ("id" = OrderId, Path),
        ("idempotency-key" = String, Header, description = "New for each act, the same for its retries"),
    ),
    security(("staff" = [])),
    request_body = MarkPaid,
    responses(
        (status = 200, description = "The order, which is paid", body = Order),
        (status = 400, description = "`idempotency.key_required`, `idempotency.key_invalid`, `request.malformed`"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`payment.not_manual`, `payment.already_paid`, `order.under_review`, `checkout.ended`, `idempotency.key_reused`, `idempotency.in_progress`"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn mark_order_paid(
    _: Staff<PaymentsWrite>,
    shop: Shop,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    Json(request): Json<MarkPaid>,
) -> Result<Answer, Problem> {
    let scope = format!("POST /api/v1/admin/orders/{id}/mark-paid");
    let asked = fingerprint(&scope, &request)?;
    idempotency::once(&shop, &scope, &key, asked, async || {
        exists(&shop, id).await?;
        mark_paid(&shop, id, &request).await?;
        order(&shop, id).await
    })
    .await
}

async fn exists(shop: &Shop, id: OrderId) -> Result<(), Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    orders::lock(&mut tx, id).await?;
    tx.rollback().await.map_err(Problem::database)
}

async fn order(shop: &Shop, id: OrderId) -> Result<Answer, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let order = orders::order(&mut tx, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Answer::new(StatusCode::OK, &order)
}

/// What became of a message.
#[derive(Debug, Serialize, ToSchema)]
struct Replayed {
    event_id: String,
    /// `processed`, or `open`: it failed again, and is tried again later.
    state: &'static str,
}

/// Process a message of the provider's again that was put aside.
#[utoipa::path(post, path = "/api/v1/admin/provider-events/{event_id}/replay", tag = "payments",
    params(("event_id" = String, Path)), security(("staff" = [])),
    responses(
        (status = 200, description = "What became of it", body = Replayed),
        (status = 404, description = "No such message"),
    ))]
async fn replay(_: Staff<PaymentsWrite>, shop: Shop, Path(event_id): Path<String>) -> Result<Json<Replayed>, Problem> {
    let state = receive::replay(&shop, &event_id).await?;
    let act = Act {
        action: "provider_event.replayed",
        entity_type: "provider_event",
        entity_id: shop.id.0,
        before: None,
        after: Some(serde_json::json!({ "event_id": event_id, "state": state })),
    };
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    activity::note(&mut tx, &shop, &act).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(Replayed { event_id, state }))
}
