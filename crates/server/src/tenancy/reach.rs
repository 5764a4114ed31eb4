//! May a request reach its store's schema now? Not while the schema is too old for this program, and not to write while
//! the store is on its way to another cluster.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::problem::Problem;

use super::{Store, Stores};

/// How many seconds a move keeps a store from being written, most often.
const MOVING: u64 = 2;
/// How soon a store that is behind may have had its turn.
const UPGRADING: u64 = 30;

/// Lets a request through that its store can answer as it stands.
pub fn reachable(store: &Store, method: &Method) -> Result<(), Problem> {
    if store.is_outdated() {
        let problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "tenant.upgrading",
            "the store is being brought up to date; send the request again",
        );
        return Err(problem.retry_after(UPGRADING));
    }
    if store.is_moving() && !method.is_safe() {
        return Err(moving());
    }
    Ok(())
}

fn moving() -> Problem {
    let detail = "the store is being moved and cannot be changed for a moment; send the request again";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "tenant.moving", detail).retry_after(MOVING)
}

/// A request that met a wall in its store may have come to where the store no longer is: this process had not heard of
/// the move when it began. Nothing was changed then, and the same request may be sent again. Any other wall is our fault.
pub async fn moved_meanwhile(stores: &Stores, store: &Store, response: Response) -> Response {
    let met_wall = response.extensions().get::<Problem>().is_some_and(is_wall);
    if !met_wall {
        return response;
    }
    let gone = store.is_moving() || stores.is_stale(store).await.unwrap_or(false);
    if !gone {
        return response;
    }
    stores.forget(store.resolved.tenant).await;
    moving().into_response()
}

/// No right, no table, no schema.
fn is_wall(problem: &Problem) -> bool {
    let mut next = problem.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static));
    while let Some(error) = next {
        if let Some(sqlx::Error::Database(database)) = error.downcast_ref::<sqlx::Error>() {
            return matches!(database.code().as_deref(), Some("42501" | "42P01" | "3F000"));
        }
        next = error.source();
    }
    false
}
