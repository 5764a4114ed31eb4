//! The HTTP face of health.

use kernel::http::Json;
use kernel::problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Broken, Severity, examine, promises, signs};
use crate::access::{HealthRead, Staff};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(look))
}

/// How a store is.
#[derive(Debug, Serialize, ToSchema)]
struct HealthChecks {
    /// `healthy`, `warning` or `critical`: as bad as the worst finding.
    status: &'static str,
    /// How many things were checked.
    checked: usize,
    /// What is not as it should be; empty for a healthy store.
    findings: Vec<HealthFinding>,
}

/// Something that is not as it should be.
#[derive(Debug, Serialize, ToSchema)]
struct HealthFinding {
    /// Its name, which never changes.
    code: &'static str,
    /// `critical` or `warning`.
    severity: &'static str,
    /// What should hold.
    promise: &'static str,
    /// How many things break it; counted up to 10,000.
    count: usize,
    /// The first of them.
    examples: Vec<String>,
    /// What to do.
    todo: &'static str,
}

impl From<Broken> for HealthFinding {
    fn from(broken: Broken) -> Self {
        let Broken { promise, count, examples } = broken;
        Self {
            code: promise.code,
            severity: promise.severity.name(),
            promise: promise.says,
            count,
            examples,
            todo: promise.todo,
        }
    }
}

/// Check that everything in the store fits together, and that nothing waits for too long.
#[utoipa::path(get, path = "/api/v1/admin/health-checks", tag = "health", security(("staff" = [])),
    responses((status = 200, description = "What was found", body = HealthChecks)))]
async fn look(_: Staff<HealthRead>, shop: Shop) -> Result<Json<HealthChecks>, Problem> {
    let found = examine(&shop.db).await.map_err(Problem::database)?;
    let critical = found.iter().any(|broken| broken.promise.severity == Severity::Critical);
    let status = match (found.is_empty(), critical) {
        (true, _) => "healthy",
        (false, false) => "warning",
        (false, true) => "critical",
    };
    let checked = promises().chain(signs()).count();
    Ok(Json(HealthChecks { status, checked, findings: found.into_iter().map(HealthFinding::from).collect() }))
}
