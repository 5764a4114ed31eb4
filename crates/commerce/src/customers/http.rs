//! The HTTP face of customers.

use axum::http::StatusCode;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::normal_email;
use super::{ChangeCustomer, CreateCustomer, Customer, CustomerId, db};
use crate::access::{CustomersRead, CustomersWrite, Staff};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change))
}

/// Which customers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CustomersQuery {
    /// How the address begins, in small or capital letters.
    #[param(max_length = 254)]
    email: Option<String>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List customers, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/customers", tag = "customers", params(CustomersQuery),
    security(("staff" = [])),
    responses((status = 200, description = "A page of customers", body = Page<Customer>)))]
async fn list(
    _: Staff<CustomersRead>,
    shop: Shop,
    Query(query): Query<CustomersQuery>,
) -> Result<Json<Page<Customer>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<CustomerId>(query.cursor.as_deref())?;
    let begins = query.email.as_deref().map(normal_email).filter(|begins| !begins.is_empty());
    if begins.as_ref().is_some_and(|begins| begins.len() > 254 || begins.chars().any(char::is_control)) {
        return Err(Problem::invalid_query("email", "must be at most 254 visible characters"));
    }
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::list(&mut tx, begins.as_deref(), before, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |customer| customer.id)))
}

/// Write a customer down: trusted, blocked, or with a note.
#[utoipa::path(post, path = "/api/v1/admin/customers", tag = "customers", request_body = CreateCustomer,
    security(("staff" = [])),
    responses(
        (status = 201, description = "The customer", body = Customer),
        (status = 400, description = "The body is not JSON"),
        (status = 409, description = "`customer.email_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn create(
    _: Staff<CustomersWrite>,
    shop: Shop,
    Json(request): Json<CreateCustomer>,
) -> Result<(StatusCode, Json<Customer>), Problem> {
    Ok((StatusCode::CREATED, Json(super::create(&shop, &request).await?)))
}

/// See a customer.
#[utoipa::path(get, path = "/api/v1/admin/customers/{id}", tag = "customers", params(("id" = CustomerId, Path)),
    security(("staff" = [])),
    responses(
        (status = 200, description = "The customer", body = Customer),
        (status = 404, description = "No such customer"),
    ))]
async fn show(_: Staff<CustomersRead>, shop: Shop, Path(id): Path<CustomerId>) -> Result<Json<Customer>, Problem> {
    Ok(Json(super::customer(&shop, id).await?))
}

/// Change what the store knows of a customer.
#[utoipa::path(patch, path = "/api/v1/admin/customers/{id}", tag = "customers", params(("id" = CustomerId, Path)),
    request_body = ChangeCustomer, security(("staff" = [])),
    responses(
        (status = 200, description = "The customer as they are now", body = Customer),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "No such customer"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<CustomersWrite>,
    shop: Shop,
    Path(id): Path<CustomerId>,
    Json(change): Json<ChangeCustomer>,
) -> Result<Json<Customer>, Problem> {
    Ok(Json(super::change(&shop, id, &change).await?))
}
