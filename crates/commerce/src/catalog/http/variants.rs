//! What staff may do with variants.

use axum::http::StatusCode;
use kernel::http::{Json, Path};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{
    CatalogError, ChangeVariant, NewVariant, ProductId, Variant, VariantId, add_variant, change_variant, db,
    delete_variant,
};
use crate::access::{CatalogRead, CatalogWrite, Staff};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(show, change, delete))
}

/// Add a variant to a product.
#[utoipa::path(post, path = "/api/v1/admin/products/{id}/variants", tag = "catalog", request_body = NewVariant,
    security(("staff" = [])), params(("id" = ProductId, Path)),
    responses(
        (status = 201, description = "The variant", body = Variant),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such product"),
        (status = 409, description = "`variant.sku_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable, or there are 100 variants already"),
    ))]
async fn add(
    _: Staff<CatalogWrite>,
    shop: Shop,
    Path(id): Path<ProductId>,
    Json(request): Json<NewVariant>,
) -> Result<(StatusCode, Json<Variant>), Problem> {
    Ok((StatusCode::CREATED, Json(add_variant(&shop, id, &request).await?)))
}

/// Show a variant.
#[utoipa::path(get, path = "/api/v1/admin/variants/{id}", tag = "catalog", security(("staff" = [])),
    params(("id" = VariantId, Path)),
    responses(
        (status = 200, description = "The variant", body = Variant),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.read"),
        (status = 404, description = "There is no such variant"),
    ))]
async fn show(_: Staff<CatalogRead>, shop: Shop, Path(id): Path<VariantId>) -> Result<Json<Variant>, Problem> {
    Ok(Json(read(&shop, id).await?))
}

async fn read(shop: &Shop, id: VariantId) -> Result<Variant, CatalogError> {
    let mut tx = shop.db.begin().await?;
    let product = db::variants::product_of(&mut tx, id).await?.ok_or(CatalogError::NoVariant)?;
    let product = db::products::one(&mut tx, shop, product).await?.ok_or(CatalogError::NoVariant)?;
    tx.commit().await?;
    product.variants.into_iter().find(|variant| variant.id == id).ok_or(CatalogError::NoVariant)
}

/// Change the fields of a variant that are given.
#[utoipa::path(patch, path = "/api/v1/admin/variants/{id}", tag = "catalog", request_body = ChangeVariant,
    security(("staff" = [])), params(("id" = VariantId, Path)),
    responses(
        (status = 200, description = "The variant as it is now", body = Variant),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such variant"),
        (status = 409, description = "`variant.sku_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<CatalogWrite>,
    shop: Shop,
    Path(id): Path<VariantId>,
    Json(request): Json<ChangeVariant>,
) -> Result<Json<Variant>, Problem> {
    Ok(Json(change_variant(&shop, id, &request).await?))
}

/// Delete a variant.
#[utoipa::path(delete, path = "/api/v1/admin/variants/{id}", tag = "catalog", security(("staff" = [])),
    params(("id" = VariantId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such variant"),
    ))]
async fn delete(_: Staff<CatalogWrite>, shop: Shop, Path(id): Path<VariantId>) -> Result<StatusCode, Problem> {
    delete_variant(&shop, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
