//! The HTTP face of plans.

use kernel::http::Json;
use kernel::page::Page;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::PlanView;
use crate::platform::Landlord;

/// The routes of plans.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the plans on offer.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans",
    responses(
        (status = 200, description = "All plans on offer, on one page", body = Page<PlanView>),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn list(landlord: Landlord) -> Result<Json<Page<PlanView>>, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let data = super::list(&mut tx, landlord.settings.trial_days).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(Page { data, next_cursor: None }))
}
