//! What staff may do with products.

use axum::http::StatusCode;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::list::search;
use super::super::{
    CatalogError, ChangeProduct, CreateProduct, Product, ProductId, ProductStatus, change_product, create_product, db,
    delete_product,
};
use crate::access::{CatalogRead, CatalogWrite, Staff};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, delete))
}

/// Which products to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProductsQuery {
    /// Words in title or description, at most 200 characters.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only those of this status.
    #[param(inline)]
    status: Option<ProductStatus>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List products, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/products", tag = "catalog", params(ProductsQuery),
    security(("staff" = [])),
    responses(
        (status = 200, description = "A page of products", body = Page<Product>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.read"),
    ))]
async fn list(
    _: Staff<CatalogRead>,
    shop: Shop,
    Query(query): Query<ProductsQuery>,
) -> Result<Json<Page<Product>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<ProductId>(query.cursor.as_deref())?;
    let q = search(query.q.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let ids = db::products::newest(&mut tx, q, query.status, before, limit + 1).await.map_err(Problem::database)?;
    let page = page::cut(ids, limit, |id| *id);
    let data = db::products::load(&mut tx, &shop, &page.data, None).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(Page { data, next_cursor: page.next_cursor }))
}

/// Create a product with its variants.
#[utoipa::path(post, path = "/api/v1/admin/products", tag = "catalog", request_body = CreateProduct,
    security(("staff" = [])),
    responses(
        (status = 201, description = "The product", body = Product),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write; or `limit.reached`"),
        (status = 409, description = "`product.handle_taken` or `variant.sku_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn create(
    _: Staff<CatalogWrite>,
    shop: Shop,
    Json(request): Json<CreateProduct>,
) -> Result<(StatusCode, Json<Product>), Problem> {
    Ok((StatusCode::CREATED, Json(create_product(&shop, &request).await?)))
}

/// Show a product.
#[utoipa::path(get, path = "/api/v1/admin/products/{id}", tag = "catalog", security(("staff" = [])),
    params(("id" = ProductId, Path)),
    responses(
        (status = 200, description = "The product", body = Product),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.read"),
        (status = 404, description = "There is no such product"),
    ))]
async fn show(_: Staff<CatalogRead>, shop: Shop, Path(id): Path<ProductId>) -> Result<Json<Product>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let product = db::products::one(&mut tx, &shop, id).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(product.ok_or(CatalogError::NoProduct)?))
}

/// Change the fields of a product that are given.
#[utoipa::path(patch, path = "/api/v1/admin/products/{id}", tag = "catalog", request_body = ChangeProduct,
    security(("staff" = [])), params(("id" = ProductId, Path)),
    responses(
        (status = 200, description = "The product as it is now", body = Product),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such product"),
        (status = 409, description = "`product.handle_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<CatalogWrite>,
    shop: Shop,
    Path(id): Path<ProductId>,
    Json(request): Json<ChangeProduct>,
) -> Result<Json<Product>, Problem> {
    Ok(Json(change_product(&shop, id, &request).await?))
}

/// Delete a product with its variants.
#[utoipa::path(delete, path = "/api/v1/admin/products/{id}", tag = "catalog", security(("staff" = [])),
    params(("id" = ProductId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such product"),
    ))]
async fn delete(_: Staff<CatalogWrite>, shop: Shop, Path(id): Path<ProductId>) -> Result<StatusCode, Problem> {
    delete_product(&shop, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
