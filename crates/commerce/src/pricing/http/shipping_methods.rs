//! What staff may do with shipping methods.

use axum::http::StatusCode;
use kernel::http::{Json, Mended, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{
    ChangeShippingMethod, CreateShippingMethod, PricingError, ShippingMethodId, ShippingMethodView,
    change_shipping_method, create_shipping_method, db, delete_shipping_method,
};
use crate::access::{PricingRead, PricingWrite, Staff};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, delete))
}

/// List shipping methods, by position.
#[utoipa::path(get, path = "/api/v1/admin/shipping-methods", tag = "pricing", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of shipping methods", body = Page<ShippingMethodView>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.read"),
    ))]
async fn list(
    _: Staff<PricingRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ShippingMethodView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let last = page::after::<(i32, ShippingMethodId)>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::shipping_methods::list(&mut tx, last, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |one: &ShippingMethodView| (one.position, one.id))))
}

/// Create a shipping method.
#[utoipa::path(post, path = "/api/v1/admin/shipping-methods", tag = "pricing", request_body = CreateShippingMethod,
    security(("staff" = [])),
    responses(
        (status = 201, description = "The shipping method", body = ShippingMethodView),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 409, description = "`shipping_method.code_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn create(
    _: Staff<PricingWrite>,
    shop: Shop,
    Mended(request, told): Mended<CreateShippingMethod>,
) -> Result<(StatusCode, Json<ShippingMethodView>), Problem> {
    Ok((StatusCode::CREATED, Json(create_shipping_method(&shop, request, &told).await?)))
}

/// Show a shipping method.
#[utoipa::path(get, path = "/api/v1/admin/shipping-methods/{id}", tag = "pricing", security(("staff" = [])),
    params(("id" = ShippingMethodId, Path)),
    responses(
        (status = 200, description = "The shipping method", body = ShippingMethodView),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.read"),
        (status = 404, description = "There is no such shipping method"),
    ))]
async fn show(
    _: Staff<PricingRead>,
    shop: Shop,
    Path(id): Path<ShippingMethodId>,
) -> Result<Json<ShippingMethodView>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let found = db::shipping_methods::one(&mut tx, id).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(found.ok_or(PricingError::NoShippingMethod)?))
}

/// Change the fields of a shipping method that are given.
#[utoipa::path(patch, path = "/api/v1/admin/shipping-methods/{id}", tag = "pricing", request_body = ChangeShippingMethod,
    security(("staff" = [])), params(("id" = ShippingMethodId, Path)),
    responses(
        (status = 200, description = "The shipping method as it is now", body = ShippingMethodView),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 404, description = "There is no such shipping method"),
        (status = 409, description = "`shipping_method.code_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<PricingWrite>,
    shop: Shop,
    Path(id): Path<ShippingMethodId>,
    Mended(request, told): Mended<ChangeShippingMethod>,
) -> Result<Json<ShippingMethodView>, Problem> {
    Ok(Json(change_shipping_method(&shop, id, &request, &told).await?))
}

/// Delete a shipping method; orders that knew it keep what it did.
#[utoipa::path(delete, path = "/api/v1/admin/shipping-methods/{id}", tag = "pricing", security(("staff" = [])),
    params(("id" = ShippingMethodId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 404, description = "There is no such shipping method"),
    ))]
async fn delete(_: Staff<PricingWrite>, shop: Shop, Path(id): Path<ShippingMethodId>) -> Result<StatusCode, Problem> {
    delete_shipping_method(&shop, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
