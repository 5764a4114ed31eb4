//! What staff may do with categories.

use axum::http::StatusCode;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{
    Category, CategoryId, ChangeCategory, CreateCategory, change_category, create_category, db, delete_category,
};
use crate::access::{CatalogRead, CatalogWrite, Staff};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(change, delete))
}

/// List categories by position.
#[utoipa::path(get, path = "/api/v1/admin/categories", tag = "catalog", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of categories", body = Page<Category>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.read"),
    ))]
async fn list(
    _: Staff<CatalogRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Category>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after::<(i32, CategoryId)>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::categories::list(&mut tx, after, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |category| (category.position, category.id))))
}

/// Create a category.
#[utoipa::path(post, path = "/api/v1/admin/categories", tag = "catalog", request_body = CreateCategory,
    security(("staff" = [])),
    responses(
        (status = 201, description = "The category", body = Category),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 409, description = "`category.handle_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn create(
    _: Staff<CatalogWrite>,
    shop: Shop,
    Json(request): Json<CreateCategory>,
) -> Result<(StatusCode, Json<Category>), Problem> {
    Ok((StatusCode::CREATED, Json(create_category(&shop, &request).await?)))
}

/// Change the fields of a category that are given.
#[utoipa::path(patch, path = "/api/v1/admin/categories/{id}", tag = "catalog", request_body = ChangeCategory,
    security(("staff" = [])), params(("id" = CategoryId, Path)),
    responses(
        (status = 200, description = "The category as it is now", body = Category),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such category"),
        (status = 409, description = "`category.handle_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is not acceptable, or the category would be part of itself"),
    ))]
async fn change(
    _: Staff<CatalogWrite>,
    shop: Shop,
    Path(id): Path<CategoryId>,
    Json(request): Json<ChangeCategory>,
) -> Result<Json<Category>, Problem> {
    Ok(Json(change_category(&shop, id, &request).await?))
}

/// Delete a category; its products stay.
#[utoipa::path(delete, path = "/api/v1/admin/categories/{id}", tag = "catalog", security(("staff" = [])),
    params(("id" = CategoryId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include catalog.write"),
        (status = 404, description = "There is no such category"),
        (status = 409, description = "`category.has_parts` or `category.taxed`"),
    ))]
async fn delete(_: Staff<CatalogWrite>, shop: Shop, Path(id): Path<CategoryId>) -> Result<StatusCode, Problem> {
    delete_category(&shop, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
