//! The HTTP face of invitations on the platform's host, for who was invited.

use kernel::http::Json;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Accept, Accepted, Looked};
use crate::access::{Account, Caller, Perhaps};
use crate::accounts::WithToken;
use crate::platform::Landlord;

/// The routes of invitations.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(look)).routes(routes!(accept))
}

/// Ask what a link invites to.
#[utoipa::path(post, path = "/api/v1/invitations/look", tag = "staff", request_body = WithToken,
    responses(
        (status = 200, description = "The store, the role, and whether there is an account", body = Looked),
        (status = 400, description = "The link is not valid any more, or the body is not JSON", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn look(landlord: Landlord, Json(request): Json<WithToken>) -> Result<Json<Looked>, Problem> {
    Ok(Json(super::look(&landlord, &request.token).await?))
}

/// Accept an invitation: logged in with the account it was sent to, or with a password for a new one.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "staff", request_body = Accept,
    security((), ("account" = [])),
    responses(
        (status = 200, description = "One works there from now on", body = Accepted),
        (status = 400, description = "The link is not valid any more, or the body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "An access token was sent that is not valid", content_type = "application/problem+json"),
        (status = 403, description = "The invitation is for another address, or the second factor is missing", content_type = "application/problem+json"),
        (status = 404, description = "The store is closed", content_type = "application/problem+json"),
        (status = 409, description = "There is an account with the address: log in with it; or one works there already", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn accept(
    Perhaps(account): Perhaps<Account>,
    landlord: Landlord,
    Caller(origin): Caller,
    Json(request): Json<Accept>,
) -> Result<Json<Accepted>, Problem> {
    Ok(Json(super::accept(&landlord, &origin, account.as_ref(), &request).await?))
}
