//! The HTTP face of events.

use axum::http::StatusCode;
use kernel::http::{Json, Query};
use kernel::page;
use kernel::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::db;
pub use super::db::PublishedEvent;
use crate::access::{EventsRead, Staff};
use crate::shop::Shop;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list))
}

/// Where to read on from.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// Sequence of the last event that is known; 0 for the beginning.
    #[serde(default)]
    #[param(minimum = 0, required = false)]
    after: i64,
    /// How many, from 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// A stretch of the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Feed {
    data: Vec<PublishedEvent>,
    /// Send it as `after` to read on; always there, for the feed has no end.
    next_cursor: String,
}

/// Read the feed of events, in order and without gaps.
#[utoipa::path(get, path = "/api/v1/admin/events", tag = "events", params(FeedQuery), security(("staff" = [])),
    responses((status = 200, description = "The events after that one", body = Feed),
              (status = 410, description = "Some of them were put away: read on from `first_sequence`")))]
async fn list(_: Staff<EventsRead>, shop: Shop, Query(query): Query<FeedQuery>) -> Result<Json<Feed>, Problem> {
    let limit = page::limit(query.limit)?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let gone = db::gone(&mut tx).await.map_err(Problem::database)?;
    if query.after < gone {
        return Err(put_away(gone));
    }
    let data = db::published(&mut tx, query.after, limit).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    let next_cursor = data.last().map_or(query.after, |event| event.sequence).to_string();
    Ok(Json(Feed { data, next_cursor }))
}

/// Some of what is asked for is no longer there.
fn put_away(gone: i64) -> Problem {
    let detail = format!(
        "events up to {gone} were put away; read the objects as they are now, and the feed with after={gone}, whose first \
         event is {}",
        gone + 1
    );
    Problem::new(StatusCode::GONE, "events.gone", detail).with("first_sequence", gone + 1)
}
