//! The HTTP face of jobs: what was given up, for the staff of the store that it concerns.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page};
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{JobState, Listed};
use crate::access::{JobsRead, JobsWrite, Staff};
use crate::activity::{self, Act};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay))
}

/// A job of this store.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JobView {
    /// Its number.
    id: i64,
    /// `new_order`, `payment`, `fulfilment`, `notification`, `webhook` or `maintenance`.
    queue: String,
    /// What is to be done.
    kind: String,
    /// With what.
    subject: Uuid,
    /// Where it stands.
    state: JobState,
    /// Tries so far.
    attempts: i32,
    /// When it is due, or when the present try ends at the latest.
    run_at: DateTime<Utc>,
    /// What went wrong last: the code of a problem.
    last_error: Option<String>,
    /// When it was given up.
    dead_at: Option<DateTime<Utc>>,
    /// The request that made it necessary.
    request_id: String,
    /// When it was put off.
    created_at: DateTime<Utc>,
}

impl From<Listed> for JobView {
    fn from(job: Listed) -> Self {
        Self {
            state: job.state(),
            id: job.id,
            queue: job.queue,
            kind: job.kind,
            subject: job.subject,
            attempts: job.attempts,
            run_at: job.run_at,
            // The cause after the code is for our log alone.
            last_error: job.last_error.and_then(|error| error.split_whitespace().next().map(str::to_owned)),
            dead_at: job.dead_at,
            request_id: job.request_id,
            created_at: job.created_at,
        }
    }
}

/// Which jobs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobsQuery {
    /// `dead` or `waiting`.
    #[param(inline)]
    state: Option<JobState>,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the store's jobs, the newest first: those that were given up, or those that wait.
#[utoipa::path(get, path = "/api/v1/admin/jobs", tag = "jobs", params(JobsQuery), security(("staff" = [])),
    responses((status = 200, description = "Jobs", body = Page<JobView>)))]
async fn list(_: Staff<JobsRead>, shop: Shop, Query(query): Query<JobsQuery>) -> Result<Json<Page<JobView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let before = page::after::<i64>(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let dead = query.state.unwrap_or(JobState::Dead) == JobState::Dead;
    let jobs = shop.jobs.list(dead, before, limit + 1).await.map_err(Problem::database)?;
    let views: Vec<JobView> = jobs.into_iter().map(JobView::from).collect();
    Ok(Json(page::cut(views, limit, |job| job.id)))
}

/// Have a job that was given up done again, with all its tries.
#[utoipa::path(post, path = "/api/v1/admin/jobs/{id}/replay", tag = "jobs",
    params(("id" = i64, Path, description = "The job's number")), security(("staff" = [])),
    responses((status = 202, description = "It is due now"),
              (status = 404, description = "No job of this store that was given up")))]
async fn replay(_: Staff<JobsWrite>, shop: Shop, Path(id): Path<i64>) -> Result<StatusCode, Problem> {
    let job = shop.jobs.dead(id).await.map_err(Problem::database)?.ok_or_else(|| Problem::not_found("job"))?;
    // Noted first: the two lie in schemas with different rights, and an act without a note is worse than a note
    // without an act.
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let act = Act {
        action: "job.replayed",
        entity_type: "job",
        entity_id: job.subject,
        before: Some(serde_json::json!({ "id": id, "kind": job.kind, "attempts": job.attempts })),
        after: None,
    };
    activity::note(&mut tx, &shop, &act).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    if shop.jobs.replay(id).await.map_err(Problem::database)? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::not_found("job"))
    }
}
