//! The HTTP face of orders.

mod errors;
mod locks;
mod notes;

use chrono::{DateTime, Datelike, Utc};
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::db::{self, OrderFilter, OrderSummary};
use super::{Money, Order, OrderError, OrderId, Review, Stage, read};
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
    /// Only those of this status: a stage, `partially_refunded` or `refunded`.
    status: Option<String>,
    /// Only those with this review: `pending`, `approved` or `rejected`.
    review: Option<Review>,
    /// Only those that somebody of the staff holds, or only the others.
    locked: Option<bool>,
    /// Only those with errors that nobody has seen to, or only the others.
    has_errors: Option<bool>,
    /// Only those of this shopper.
    email: Option<String>,
    /// Only the one with this number.
    number: Option<i64>,
    /// Only those made then or later.
    from: Option<DateTime<Utc>>,
    /// Only those made before.
    to: Option<DateTime<Utc>>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl OrdersQuery {
    fn filter(&self) -> Result<OrderFilter, Problem> {
        let (stage, money) = match self.status.as_deref() {
            None => (None, None),
            Some("partially_refunded") => (None, Some(Money::Partial)),
            Some("refunded") => (None, Some(Money::Full)),
            Some(name) => match Stage::ALL.into_iter().find(|stage| stage.name() == name) {
                Some(stage) => (Some(stage), Some(Money::None)),
                None => return Err(Problem::invalid_query("status", "is not a status of orders")),
            },
        };
        if self.email.as_deref().is_some_and(|email| email.contains('\0')) {
            return Err(Problem::invalid_query("email", "is not an e-mail address"));
        }
        for (field, time) in [("from", self.from), ("to", self.to)] {
            if time.is_some_and(|time| !(1970..=9999).contains(&time.year())) {
                return Err(Problem::invalid_query(field, "is not a time of orders"));
            }
        }
        Ok(OrderFilter {
            stage,
            money,
            review: self.review,
            locked: self.locked,
            has_errors: self.has_errors,
            email: self.email.as_deref().map(|email| email.trim().to_lowercase()),
            number: self.number,
            from: self.from,
            to: self.to,
        })
    }
}

/// List orders, the newest first. Filters narrow it together.
#[utoipa::path(get, path = "/api/v1/admin/orders", tag = "orders", params(OrdersQuery), security(("staff" = [])),
    responses((status = 200, description = "A page of orders", body = Page<OrderSummary>)))]
async fn list(
    _: Staff<OrdersRead>,
    shop: Shop,
    Query(query): Query<OrdersQuery>,
) -> Result<Json<Page<OrderSummary>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<OrderId>(query.cursor.as_deref())?;
    let filter = query.filter()?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::list(&mut tx, &filter, before, limit + 1).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |order| order.id)))
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
