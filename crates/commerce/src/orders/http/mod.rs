//! The HTTP face of orders.

mod errors;
mod locks;
mod notes;

use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::db::{self, HistoryEntry, OrderSummary};
use super::{Order, OrderError, OrderId, Stage, read};
use crate::access::{OrderToken, OrdersRead, Staff};
use crate::events::{self, http::PublishedEvent};
use crate::shop::Shop;

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(show))
}

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show_to_staff))
        .routes(routes!(events))
        .merge(locks::routes())
        .merge(notes::routes())
        .merge(errors::routes())
}

/// See an order with the token that its checkout answered.
#[utoipa::path(get, path = "/api/v1/orders/{id}", tag = "orders",
    params(("id" = OrderId, Path), ("order-token" = String, Header, description = "The order's secret")),
    responses(
        (status = 200, description = "The order", body = Order),
        (status = 401, description = "`order.token_required`"),
        (status = 404, description = "No such order, or not with this token"),
    ))]
async fn show(shop: Shop, OrderToken(token): OrderToken, Path(id): Path<OrderId>) -> Result<Json<Order>, Problem> {
    if !read::proves(&shop, id, &token) {
        return Err(OrderError::NotFound.into());
    }
    Ok(Json(load(&shop, id).await?))
}

async fn load(shop: &Shop, id: OrderId) -> Result<Order, OrderError> {
    let mut tx = shop.db.begin().await?;
    let order = read::order(&mut tx, id).await?;
    tx.commit().await?;
    Ok(order)
}

/// Which orders to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrdersQuery {
    /// Only those in this stage.
    status: Option<String>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List orders, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/orders", tag = "orders", params(OrdersQuery), security(("staff" = [])),
    responses((status = 200, description = "A page of orders", body = Page<OrderSummary>)))]
async fn list(
    _: Staff<OrdersRead>,
    shop: Shop,
    Query(query): Query<OrdersQuery>,
) -> Result<Json<Page<OrderSummary>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<OrderId>(query.cursor.as_deref())?;
    if let Some(status) = &query.status
        && !Stage::ALL.iter().any(|stage| stage.name() == status)
    {
        return Err(Problem::invalid_query("status", "is not a stage of orders"));
    }
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::list(&mut tx, query.status.as_deref(), before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |order| order.id)))
}

/// An order with its history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OrderWithHistory {
    #[serde(flatten)]
    order: Order,
    /// Every move it made.
    history: Vec<HistoryEntry>,
}

/// See an order and its history.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "The order", body = OrderWithHistory), (status = 404, description = "No such order")))]
async fn show_to_staff(
    _: Staff<OrdersRead>,
    shop: Shop,
    Path(id): Path<OrderId>,
) -> Result<Json<OrderWithHistory>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let order = read::order(&mut tx, id).await?;
    let history = db::history(&mut tx, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(OrderWithHistory { order, history }))
}

/// The events of one order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OrderEvents {
    data: Vec<PublishedEvent>,
}

/// See everything that happened to an order.
#[utoipa::path(get, path = "/api/v1/admin/orders/{id}/events", tag = "orders", params(("id" = OrderId, Path)),
    security(("staff" = [])),
    responses((status = 200, description = "Its events", body = OrderEvents), (status = 404, description = "No such order")))]
async fn events(_: Staff<OrdersRead>, shop: Shop, Path(id): Path<OrderId>) -> Result<Json<OrderEvents>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let data = events::of_aggregate(&mut tx, id.0).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    if data.is_empty() { Err(OrderError::NotFound.into()) } else { Ok(Json(OrderEvents { data })) }
}
