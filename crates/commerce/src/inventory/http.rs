//! The HTTP face of inventory.

use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::status::{self, StockStatus, VariantStock};
use super::{AdjustStock, Movement, StockLevel, db};
use crate::access::{Staff, StockRead, StockWrite};
use crate::catalog::VariantId;
use crate::settings;
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(levels))
        .routes(routes!(status))
        .routes(routes!(adjust))
        .routes(routes!(movements))
}

/// Which levels.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LevelsQuery {
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those with no more available than the store's threshold.
    #[serde(default)]
    #[param(required = false)]
    low: bool,
}

/// List stock levels.
#[utoipa::path(get, path = "/api/v1/admin/stock", tag = "stock", params(LevelsQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of levels", body = Page<StockLevel>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include stock.read"),
    ))]
async fn levels(
    _: Staff<StockRead>,
    shop: Shop,
    Query(query): Query<LevelsQuery>,
) -> Result<Json<Page<StockLevel>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after::<VariantId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let at_most = match query.low {
        true => Some(settings::read(&mut tx).await.map_err(Problem::database)?.low_stock_threshold),
        false => None,
    };
    let rows = db::levels(&mut tx, after, at_most, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |level| level.variant_id)))
}

/// Which variants.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StatusQuery {
    /// Only those that stand so: `in_stock`, `low_stock` or `out_of_stock`.
    status: Option<StockStatus>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List how variants stand: enough, few, or none.
#[utoipa::path(get, path = "/api/v1/admin/stock/status", tag = "stock", params(StatusQuery), security(("staff" = [])),
    responses(
        (status = 200, description = "A page of variants", body = Page<VariantStock>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include stock.read"),
    ))]
async fn status(
    _: Staff<StockRead>,
    shop: Shop,
    Query(query): Query<StatusQuery>,
) -> Result<Json<Page<VariantStock>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after::<VariantId>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = status::status(&mut tx, query.status, after, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |variant| variant.variant_id)))
}

/// Correct how much there is of a variant.
#[utoipa::path(post, path = "/api/v1/admin/variants/{id}/stock", tag = "stock", security(("staff" = [])),
    params(("id" = VariantId, Path, description = "The variant")), request_body = AdjustStock,
    responses(
        (status = 200, description = "The level as it is now", body = StockLevel),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include stock.write"),
        (status = 404, description = "There is no such variant"),
        (status = 409, description = "stock.below_reserved: fewer would remain than are reserved"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is not acceptable, or more than can be counted would be there"),
    ))]
async fn adjust(
    _: Staff<StockWrite>,
    shop: Shop,
    Path(id): Path<VariantId>,
    Json(request): Json<AdjustStock>,
) -> Result<Json<StockLevel>, Problem> {
    Ok(Json(super::adjust(&shop, id, &request).await?))
}

/// Which movements.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MovementsQuery {
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Of this variant only.
    variant_id: Option<VariantId>,
}

/// List changes of stock, the latest first.
#[utoipa::path(get, path = "/api/v1/admin/stock/movements", tag = "stock", params(MovementsQuery),
    security(("staff" = [])),
    responses(
        (status = 200, description = "A page of movements", body = Page<Movement>),
        (status = 400, description = "A query parameter is not acceptable"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include stock.read"),
    ))]
async fn movements(
    _: Staff<StockRead>,
    shop: Shop,
    Query(query): Query<MovementsQuery>,
) -> Result<Json<Page<Movement>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<i64>(query.cursor.as_deref())?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let rows = match query.variant_id {
        Some(variant) => db::movements_of(&mut tx, variant, before, limit + 1).await,
        None => db::movements(&mut tx, before, limit + 1).await,
    };
    let rows = rows.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |movement| movement.id)))
}
