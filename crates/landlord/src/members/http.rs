//! The HTTP face of members on the platform's host; the store's host has the rest.

use axum::http::StatusCode;
use kernel::http::{Json, Path};
use kernel::id::TenantId;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::TransferOwnership;
use crate::access::{Account, Caller};
use crate::platform::Landlord;

/// The routes of members.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(leave)).routes(routes!(transfer_ownership))
}

/// Leave a store. Its last owner cannot.
#[utoipa::path(delete, path = "/api/v1/tenants/{id}/membership", tag = "staff", security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store")),
    responses(
        (status = 204, description = "One has no role there any more"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The second factor is missing", content_type = "application/problem+json"),
        (status = 404, description = "One has no role in such a store", content_type = "application/problem+json"),
        (status = 409, description = "A store needs an owner", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn leave(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(id): Path<TenantId>,
) -> Result<StatusCode, Problem> {
    super::leave(&landlord, &account.acting(caller), id, account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a store to another of its members; one is a manager there afterwards.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/transfer-ownership", tag = "staff",
    request_body = TransferOwnership, security(("account" = [])),
    params(("id" = TenantId, Path, description = "The store")),
    responses(
        (status = 204, description = "The store has another owner"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token; or a code is needed, or wrong", content_type = "application/problem+json"),
        (status = 403, description = "One is no owner; or the password is wrong", content_type = "application/problem+json"),
        (status = 404, description = "No such store or member", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn transfer_ownership(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(id): Path<TenantId>,
    Json(request): Json<TransferOwnership>,
) -> Result<StatusCode, Problem> {
    super::transfer_ownership(&landlord, &account.acting(caller), &account, id, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}
