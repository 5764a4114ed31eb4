//! The HTTP face of settings.

use kernel::http::Json;
use kernel::problem::Problem;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ChangeSettings, Settings};
use crate::access::{SettingsRead, SettingsWrite, Staff};
use crate::shop::Shop;

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(store))
}

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(show, change))
}

/// What a shop window needs to know.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Store {
    /// What shoppers see.
    name: String,
    /// Its name on the platform.
    slug: String,
    /// What prices are in.
    #[schema(example = "EUR")]
    currency: &'static str,
    /// How many decimals an amount has when people read it.
    currency_decimals: u16,
    /// Where shoppers may write to.
    support_email: Option<String>,
    /// What a browser needs to confirm a payment.
    stripe_publishable_key: String,
}

/// Show the store.
#[utoipa::path(get, path = "/api/v1/store", tag = "store",
    responses((status = 200, description = "The store", body = Store)))]
async fn store(shop: Shop) -> Result<Json<Store>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let settings = super::read(&mut tx).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(Store {
        name: settings.store_name,
        slug: shop.slug.to_string(),
        currency: settings.currency.code(),
        currency_decimals: settings.currency.decimals(),
        support_email: settings.support_email,
        stripe_publishable_key: shop.platform.publishable_key.clone(),
    }))
}

/// Show the settings.
#[utoipa::path(get, path = "/api/v1/admin/settings", tag = "settings", security(("staff" = [])),
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include settings.read"),
    ))]
async fn show(_: Staff<SettingsRead>, shop: Shop) -> Result<Json<Settings>, Problem> {
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let settings = super::read(&mut tx).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(settings))
}

/// Change the settings that are given.
#[utoipa::path(patch, path = "/api/v1/admin/settings", tag = "settings", security(("staff" = [])),
    request_body = ChangeSettings,
    responses(
        (status = 200, description = "The settings as they are now", body = Settings),
        (status = 400, description = "The body is not JSON"),
        (status = 401, description = "No valid credential"),
        (status = 403, description = "The role does not include settings.write"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not application/json"),
        (status = 422, description = "A field is unknown or not acceptable"),
    ))]
async fn change(
    _: Staff<SettingsWrite>,
    shop: Shop,
    Json(change): Json<ChangeSettings>,
) -> Result<Json<Settings>, Problem> {
    Ok(Json(super::change(&shop, &change).await?))
}
