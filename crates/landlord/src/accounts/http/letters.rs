//! Routes for who is not logged in: links in letters, and the code that a login waits for.

use axum::http::StatusCode;
use kernel::http::Json;
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::accounts::{AnswerChallenge, ForgotPassword, LoggedIn, ResetPassword, WithToken};
use crate::platform::Landlord;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
        .routes(routes!(verify_email))
        .routes(routes!(confirm_email))
        .routes(routes!(answer_challenge))
}

/// Ask for a link to choose a new password. The answer is the same whether or not there is an account.
#[utoipa::path(post, path = "/api/v1/auth/forgot-password", tag = "accounts", request_body = ForgotPassword,
    responses(
        (status = 202, description = "A letter is on its way"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn forgot_password(
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<ForgotPassword>,
) -> Result<StatusCode, Problem> {
    crate::accounts::forgot_password(&landlord, &caller.0, &request).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose a new password with the token of the link. All sessions end.
#[utoipa::path(post, path = "/api/v1/auth/reset-password", tag = "accounts", request_body = ResetPassword,
    responses(
        (status = 204, description = "The new password holds"),
        (status = 400, description = "The link is not valid any more, or the body is not JSON", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn reset_password(
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<ResetPassword>,
) -> Result<StatusCode, Problem> {
    crate::accounts::reset_password(&landlord, &caller.0, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show with the token of the link that the address is yours.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "accounts", request_body = WithToken,
    responses(
        (status = 204, description = "The address is verified"),
        (status = 400, description = "The link is not valid any more, or the body is not JSON", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn verify_email(
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<WithToken>,
) -> Result<StatusCode, Problem> {
    crate::accounts::verify_email(&landlord, &caller.0, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show with the token of the link that the new address is yours: the account moves to it.
#[utoipa::path(post, path = "/api/v1/auth/confirm-email", tag = "accounts", request_body = WithToken,
    responses(
        (status = 204, description = "The account has the new address"),
        (status = 400, description = "The link is not valid any more, or the body is not JSON", content_type = "application/problem+json"),
        (status = 409, description = "Another account has the address", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn confirm_email(
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<WithToken>,
) -> Result<StatusCode, Problem> {
    crate::accounts::confirm_email(&landlord, &caller.0, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send the code that a login waits for. A login takes five tries.
#[utoipa::path(post, path = "/api/v1/auth/second-factor", tag = "accounts", request_body = AnswerChallenge,
    responses(
        (status = 200, description = "Logged in", body = LoggedIn),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The code is wrong or was used before, or the challenge is not valid any more", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn answer_challenge(
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<AnswerChallenge>,
) -> Result<Json<LoggedIn>, Problem> {
    Ok(Json(crate::accounts::answer_challenge(&landlord, &caller.0, &request).await?))
}
