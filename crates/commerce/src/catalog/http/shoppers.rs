//! What shoppers may ask of the catalogue.

use kernel::http::{Json, Path, Query};
use kernel::page::Page;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{Browse, Product, browse, find};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// List the products that are for sale.
#[utoipa::path(get, path = "/api/v1/products", tag = "products", params(Browse),
    responses(
        (status = 200, description = "A page of products", body = Page<Product>),
        (status = 400, description = "A query parameter is not acceptable"),
    ))]
async fn list(shop: Shop, Query(query): Query<Browse>) -> Result<Json<Page<Product>>, Problem> {
    Ok(Json(browse(&shop, &query).await?))
}

/// Show a product that is for sale.
#[utoipa::path(get, path = "/api/v1/products/{handle}", tag = "products",
    params(("handle" = String, Path, description = "The product's handle, or its id")),
    responses(
        (status = 200, description = "The product", body = Product),
        (status = 404, description = "No such product is for sale"),
    ))]
async fn show(shop: Shop, Path(handle): Path<String>) -> Result<Json<Product>, Problem> {
    Ok(Json(find(&shop, &handle).await?))
}
