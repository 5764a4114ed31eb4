//! The HTTP face of payments.

use kernel::http::{Json, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Payment, PaymentId, db};
use crate::access::{PaymentsRead, Staff};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list))
}

/// List payments, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/payments", tag = "payments", params(PageQuery), security(("staff" = [])),
    responses((status = 200, description = "A page of payments", body = Page<Payment>)))]
async fn list(
    _: Staff<PaymentsRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Payment>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<PaymentId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::list(&mut tx, before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |payment| payment.id)))
}
