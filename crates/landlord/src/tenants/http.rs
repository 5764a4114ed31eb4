//! The HTTP face of tenants.

use kernel::http::{Json, Query};
use kernel::idempotency::{Answer, IdempotencyKey};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{SignUp, SignedUp, StoreView, stores_of};
use crate::access::{Account, Caller};
use crate::platform::Landlord;

/// The routes of tenants.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(sign_up)).routes(routes!(list))
}

/// Open a store, and an account if there is none yet.
#[utoipa::path(post, path = "/api/v1/signup", tag = "tenants", request_body = SignUp,
    params(("Idempotency-Key" = String, Header, min_length = 16, max_length = 255,
        description = "New for each act, the same for its retries; kept for 24 hours")),
    responses(
        (status = 201, description = "The store is open", body = SignedUp),
        (status = 400, description = "No Idempotency-Key, or the body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The account has a second factor, and its code is missing or wrong", content_type = "application/problem+json"),
        (status = 403, description = "Too many stores before the e-mail address is verified", content_type = "application/problem+json"),
        (status = 409, description = "The slug or the account exists; or the key was used with another request, or is in use", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again with the same key", content_type = "application/problem+json"),
    ))]
async fn sign_up(
    landlord: Landlord,
    Caller(origin): Caller,
    key: IdempotencyKey,
    Json(request): Json<SignUp>,
) -> Result<Answer, Problem> {
    Ok(super::sign_up(&landlord, &origin, &key, &request).await?)
}

/// List the stores in which one has a role.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", params(PageQuery), security(("account" = [])),
    responses(
        (status = 200, description = "A page of stores", body = Page<StoreView>),
        (status = 400, description = "A query parameter is not acceptable", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn list(
    account: Account,
    landlord: Landlord,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<StoreView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let rows = stores_of(&mut tx, &landlord.settings, account.id, after, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |store| store.tenant.id)))
}
