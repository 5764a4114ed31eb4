//! The HTTP face of what went wrong with orders.

use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use kernel::text::plain_text;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{OrdersFulfil, OrdersRead, Staff};
use crate::orders::db::{self, FaultFilter, OrderErrorEntry};
use crate::orders::{FaultCategory, FaultSeverity, OrderError, OrderId, resolve_error};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(of_order)).routes(routes!(resolve))
}

/// Which errors to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ErrorsQuery {
    /// Only those that somebody has seen to, or only the others.
    resolved: Option<bool>,
    /// Only those of this kind.
    category: Option<FaultCategory>,
    /// Only those that are so bad.
    severity: Option<FaultSeverity>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List what went wrong with orders, the latest first.
#[utoipa::path(get, path = "/api/v1/admin/errors", tag = "orders", params(ErrorsQuery), security(("staff" = [])),
    responses((status = 200, description = "A page of errors", body = Page<OrderErrorEntry>)))]
async fn list(
    _: Staff<OrdersRead>,
    shop: Shop,
    Query(query): Query<ErrorsQuery>,
) -> Result<Json<Page<OrderErrorEntry>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<i64>(query.cursor.as_deref())?;
    let filter = FaultFilter { resolved: query.resolved, category: query.category, severity: query.severity };
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::faults(&mut tx, filter, before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |fault| fault.id)))
}

/// What went wrong with one order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ErrorsOfOrder {
    data: Vec<OrderErrorEntry>,
}

/// See what went wrong with an order: its latest hundred errors.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}/errors", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "Its errors, the latest first", body = ErrorsOfOrder), (status = 404, description = "No such order")))]
async fn of_order(_: Staff<OrdersRead>, shop: Shop, Path(id): Path<OrderId>) -> Result<Json<ErrorsOfOrder>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    if !db::exists(&mut tx, id).await? {
        return Err(OrderError::NotFound.into());
    }
    let data = db::faults_of(&mut tx, id, false).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(ErrorsOfOrder { data }))
}

/// What was done about an error.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ResolveError {
    /// The rest of the staff reads it.
    #[garde(length(chars, min = 1, max = 1000), custom(plain_text))]
    #[schema(min_length = 1, max_length = 1000)]
    resolution: String,
}

/// Say that an error is seen to. One that was resolved before stays as it is.
#[utoipa::path(post, path = "/api/v1/admin/errors/{id}/resolve", tag = "orders", params(("id" = i64, Path)),
    request_body = ResolveError, security(("staff" = [])),
    responses(
        (status = 200, description = "It is resolved", body = OrderErrorEntry),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "No such error"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn resolve(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    Path(id): Path<i64>,
    Json(request): Json<ResolveError>,
) -> Result<Json<OrderErrorEntry>, Problem> {
    Ok(Json(resolve_error::resolve_error(&shop, id, &request.resolution).await?))
}
