//! The HTTP face of accounts.

mod letters;
mod me;

use axum::http::StatusCode;
use kernel::http::Json;
use kernel::id::AccountId;
use kernel::problem::Problem;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LoggedIn, Login, Refresh, Tokens};
use crate::access::{Account, Caller, Enrolling};
use crate::platform::Landlord;

/// The routes of accounts.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(who))
        .merge(letters::routes())
        .merge(me::routes())
}

/// Log in.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "accounts", request_body = Login,
    responses(
        (status = 200, description = "Logged in", body = LoggedIn),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The e-mail address, the password or the code is wrong; or `auth.second_factor_required`, with a `challenge` for `/api/v1/auth/second-factor`", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn login(
    landlord: Landlord,
    Caller(origin): Caller,
    Json(request): Json<Login>,
) -> Result<Json<LoggedIn>, Problem> {
    Ok(Json(super::login(&landlord, &origin, request).await?))
}

/// Trade a refresh token for new tokens.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "accounts", request_body = Refresh,
    responses(
        (status = 200, description = "New tokens; the old refresh token is used up", body = Tokens),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The refresh token is not valid", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn refresh(
    landlord: Landlord,
    Caller(origin): Caller,
    Json(request): Json<Refresh>,
) -> Result<Json<Tokens>, Problem> {
    Ok(Json(super::refresh(&landlord, &origin, &request).await?))
}

/// Log out: the session ends at once.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "accounts", security(("account" = [])),
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn logout(Enrolling(account): Enrolling, landlord: Landlord) -> Result<StatusCode, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    super::logout(&mut tx, account.session).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is logged in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Me {
    id: AccountId,
    email: String,
    /// One's name for people.
    name: Option<String>,
    email_verified: bool,
    /// Does a login take a code beside the password?
    second_factor: bool,
    /// May they use the console?
    platform_admin: bool,
}

/// Ask who one is.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", security(("account" = [])),
    responses(
        (status = 200, description = "The account", body = Me),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn who(Enrolling(account): Enrolling) -> Json<Me> {
    let Account { id, session: _, email, name, email_verified, platform_admin, second_factor_shown: _, second_factor } =
        account;
    Json(Me { id, email, name, email_verified, second_factor, platform_admin })
}
