//! The HTTP face of activity.

use kernel::http::{Json, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::db::{self, ActivityEntry};
use crate::access::{ActivityRead, Staff};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list))
}

/// List what staff did, the latest first.
#[utoipa::path(get, path = "/api/v1/admin/activity", tag = "activity", params(PageQuery), security(("staff" = [])),
    responses((status = 200, description = "A page of acts", body = Page<ActivityEntry>)))]
async fn list(
    _: Staff<ActivityRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ActivityEntry>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<i64>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::latest(&mut tx, before, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |entry| entry.id)))
}
