//! What staff may do with promotions.

use axum::http::StatusCode;
use kernel::http::{Json, Mended, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{
    ChangePromotion, CreatePromotion, PricingError, PromotionId, PromotionView, change_promotion, create_promotion, db,
    delete_promotion,
};
use crate::access::{PricingRead, PricingWrite, Staff};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, delete))
}

/// List promotions, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/promotions", tag = "pricing", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of promotions", body = Page<PromotionView>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.read"),
    ))]
async fn list(
    _: Staff<PricingRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PromotionView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let last = page::after::<PromotionId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::promotions::list(&mut tx, last, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |one: &PromotionView| one.id)))
}

/// Create a promotion.
#[utoipa::path(post, path = "/api/v1/admin/promotions", tag = "pricing", request_body = CreatePromotion,
    security(("staff" = [])),
    responses(
        (status = 201, description = "The promotion", body = PromotionView),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 409, description = "`promotion.code_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn create(
    _: Staff<PricingWrite>,
    shop: Shop,
    Mended(request, told): Mended<CreatePromotion>,
) -> Result<(StatusCode, Json<PromotionView>), Problem> {
    Ok((StatusCode::CREATED, Json(create_promotion(&shop, request, &told).await?)))
}

/// Show a promotion.
#[utoipa::path(get, path = "/api/v1/admin/promotions/{id}", tag = "pricing", security(("staff" = [])),
    params(("id" = PromotionId, Path)),
    responses(
        (status = 200, description = "The promotion", body = PromotionView),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.read"),
        (status = 404, description = "There is no such promotion"),
    ))]
async fn show(_: Staff<PricingRead>, shop: Shop, Path(id): Path<PromotionId>) -> Result<Json<PromotionView>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let found = db::promotions::one(&mut tx, id).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(found.ok_or(PricingError::NoPromotion)?))
}

/// Change the fields of a promotion that are given.
#[utoipa::path(patch, path = "/api/v1/admin/promotions/{id}", tag = "pricing", request_body = ChangePromotion,
    security(("staff" = [])), params(("id" = PromotionId, Path)),
    responses(
        (status = 200, description = "The promotion as it is now", body = PromotionView),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 404, description = "There is no such promotion"),
        (status = 409, description = "`promotion.code_taken` or `promotion.limit_below_used`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<PricingWrite>,
    shop: Shop,
    Path(id): Path<PromotionId>,
    Mended(request, told): Mended<ChangePromotion>,
) -> Result<Json<PromotionView>, Problem> {
    Ok(Json(change_promotion(&shop, id, &request, &told).await?))
}

/// Delete a promotion; orders that knew it keep what it did.
#[utoipa::path(delete, path = "/api/v1/admin/promotions/{id}", tag = "pricing", security(("staff" = [])),
    params(("id" = PromotionId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 404, description = "There is no such promotion"),
    ))]
async fn delete(_: Staff<PricingWrite>, shop: Shop, Path(id): Path<PromotionId>) -> Result<StatusCode, Problem> {
    delete_promotion(&shop, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
