//! The HTTP face of notes about orders.

use axum::http::StatusCode;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use kernel::text::plain_text;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{OrdersFulfil, OrdersRead, Staff};
use crate::orders::db::{self, OrderNote};
use crate::orders::{OrderError, OrderId, note};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, add))
}

/// What to note.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    /// Shoppers never see it.
    #[garde(length(chars, min = 1, max = 4000), custom(plain_text))]
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

/// List the notes about an order, the latest first.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}/notes", tag = "orders", params(("id" = OrderId, Path), PageQuery),
    security(("staff" = [])),
    responses((status = 200, description = "A page of notes", body = Page<OrderNote>), (status = 404, description = "No such order")))]
async fn list(
    _: Staff<OrdersRead>,
    shop: Shop,
    Path(id): Path<OrderId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<OrderNote>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<i64>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    if !db::exists(&mut tx, id).await? {
        return Err(OrderError::NotFound.into());
    }
    let rows = db::notes(&mut tx, id, before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |note| note.id)))
}

/// Note something about an order.
#[utoipa::path(post, path = "/api/v1/admin/orders/{id}/notes", tag = "orders", params(("id" = OrderId, Path)),
    request_body = NewNote, security(("staff" = [])),
    responses(
        (status = 201, description = "The note", body = OrderNote),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "No such order"),
        (status = 413, description = "`request.too_large`"),
        (status = 415, description = "`request.unsupported_media_type`"),
        (status = 422, description = "`request.invalid`"),
    ))]
async fn add(
    _: Staff<OrdersFulfil>,
    shop: Shop,
    Path(id): Path<OrderId>,
    Json(request): Json<NewNote>,
) -> Result<(StatusCode, Json<OrderNote>), Problem> {
    Ok((StatusCode::CREATED, Json(note::note(&shop, id, &request.text).await?)))
}
