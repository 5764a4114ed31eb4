//! What staff may do with tax rates.

use axum::http::StatusCode;
use kernel::http::{Json, Mended, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::{
    ChangeTaxRate, CreateTaxRate, PricingError, TaxRateId, TaxRateView, change_tax_rate, create_tax_rate, db,
    delete_tax_rate,
};
use crate::access::{PricingRead, PricingWrite, Staff};
use crate::shop::Shop;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, change, delete))
}

/// List tax rates, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/tax-rates", tag = "pricing", params(PageQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of tax rates", body = Page<TaxRateView>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.read"),
    ))]
async fn list(
    _: Staff<PricingRead>,
    shop: Shop,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<TaxRateView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let last = page::after::<TaxRateId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = db::tax_rates::list(&mut tx, last, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |one: &TaxRateView| one.id)))
}

/// Create a tax rate.
#[utoipa::path(post, path = "/api/v1/admin/tax-rates", tag = "pricing", request_body = CreateTaxRate,
    security(("staff" = [])),
    responses(
        (status = 201, description = "The tax rate", body = TaxRateView),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 409, description = "`tax_rate.place_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn create(
    _: Staff<PricingWrite>,
    shop: Shop,
    Mended(request, told): Mended<CreateTaxRate>,
) -> Result<(StatusCode, Json<TaxRateView>), Problem> {
    Ok((StatusCode::CREATED, Json(create_tax_rate(&shop, &request, &told).await?)))
}

/// Show a tax rate.
#[utoipa::path(get, path = "/api/v1/admin/tax-rates/{id}", tag = "pricing", security(("staff" = [])),
    params(("id" = TaxRateId, Path)),
    responses(
        (status = 200, description = "The tax rate", body = TaxRateView),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.read"),
        (status = 404, description = "There is no such tax rate"),
    ))]
async fn show(_: Staff<PricingRead>, shop: Shop, Path(id): Path<TaxRateId>) -> Result<Json<TaxRateView>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let found = db::tax_rates::one(&mut tx, id).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(found.ok_or(PricingError::NoTaxRate)?))
}

/// Change the fields of a tax rate that are given.
#[utoipa::path(patch, path = "/api/v1/admin/tax-rates/{id}", tag = "pricing", request_body = ChangeTaxRate,
    security(("staff" = [])), params(("id" = TaxRateId, Path)),
    responses(
        (status = 200, description = "The tax rate as it is now", body = TaxRateView),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 404, description = "There is no such tax rate"),
        (status = 409, description = "`tax_rate.place_taken`"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<PricingWrite>,
    shop: Shop,
    Path(id): Path<TaxRateId>,
    Mended(request, told): Mended<ChangeTaxRate>,
) -> Result<Json<TaxRateView>, Problem> {
    Ok(Json(change_tax_rate(&shop, id, &request, &told).await?))
}

/// Delete a tax rate; orders that knew it keep what it did.
#[utoipa::path(delete, path = "/api/v1/admin/tax-rates/{id}", tag = "pricing", security(("staff" = [])),
    params(("id" = TaxRateId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include pricing.write"),
        (status = 404, description = "There is no such tax rate"),
    ))]
async fn delete(_: Staff<PricingWrite>, shop: Shop, Path(id): Path<TaxRateId>) -> Result<StatusCode, Problem> {
    delete_tax_rate(&shop, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
