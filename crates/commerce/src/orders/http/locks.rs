//! The HTTP face of holding orders.

use axum::http::StatusCode;
use kernel::http::{Json, Path};
use kernel::problem::Problem;
use kernel::text::plain_text;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{OrdersFulfil, Staff};
use crate::orders::{OrderId, StaffLock, hold};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(lock, unlock))
}

/// Why an order is to be held.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LockOrder {
    /// The rest of the staff reads it.
    #[garde(length(chars, min = 1, max = 200), custom(plain_text))]
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Hold an order, so that nobody else moves, refunds or cancels it.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/lock", tag = "orders", params(("id" = OrderId, Path)),
    request_body = LockOrder, security(("staff" = [])),
    responses(
        (status = 200, description = "It is yours", body = StaffLock),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.locked`: somebody else holds it"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn lock(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    Path(id): Path<OrderId>,
    Json(request): Json<LockOrder>,
) -> Result<Json<StaffLock>, Problem> {
    Ok(Json(hold::hold(&shop, id, &request.reason).await?))
}

/// Let go of an order. Only who holds it may, and the owner of the store.
#[utoipa::path(delete, path = "/api/v1/admin/orders/{id}/lock", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses(
        (status = 204, description = "Nobody holds it"),
        (status = 404, description = "No such order"),
        (status = 409, description = "`order.locked`: somebody else holds it, and you are not the owner"),
    ))]
async fn unlock(staff: Staff<OrdersFulfil>, shop: Shop, Path(id): Path<OrderId>) -> Result<StatusCode, Problem> {
    hold::let_go(&shop, id, staff.identity.role).await?;
    Ok(StatusCode::NO_CONTENT)
}
