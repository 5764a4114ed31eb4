//! The HTTP face of payments.

use kernel::http::{Json, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::db::events::{self, ProviderEvent};
use super::{Payment, PaymentId, db};
use crate::access::{PaymentsRead, Staff};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(list_events))
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

/// Which messages to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// `open`, `processed` or `dead`: only those.
    state: Option<String>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List what the payment provider has sent, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/provider-events", tag = "payments", params(EventsQuery),
    security(("staff" = [])),
    responses((status = 200, description = "A page of messages", body = Page<ProviderEvent>)))]
async fn list_events(
    _: Staff<PaymentsRead>,
    shop: Shop,
    Query(query): Query<EventsQuery>,
) -> Result<Json<Page<ProviderEvent>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<i64>(query.cursor.as_deref())?;
    if query.state.as_deref().is_some_and(|state| !matches!(state, "open" | "processed" | "dead")) {
        return Err(Problem::invalid_query("state", "is `open`, `processed` or `dead`"));
    }
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = events::list_events(&mut tx, query.state.as_deref(), before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |event| event.id)))
}
