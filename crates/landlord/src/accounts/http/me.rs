//! Routes for what one does with one's own account.

use axum::http::StatusCode;
use kernel::http::{Json, Path, Query};
use kernel::page::{self, Page, PageQuery};
use kernel::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Account, Caller, Enrolling};
use crate::accounts::{
    ChangeEmail, ChangePassword, ChangeProfile, Enrolment, RecoveryCodes, SessionId, SessionView, WithBoth, WithCode,
    WithPassword,
};
use crate::platform::Landlord;

pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(change_profile))
        .routes(routes!(change_password))
        .routes(routes!(change_email))
        .routes(routes!(resend_verification))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(enrol))
        .routes(routes!(confirm))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(disable))
}

/// Change one's profile.
#[utoipa::path(patch, path = "/api/v1/me", tag = "accounts", request_body = ChangeProfile, security(("account" = [])),
    responses(
        (status = 204, description = "It is as asked"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The second factor is missing", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn change_profile(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<ChangeProfile>,
) -> Result<StatusCode, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    crate::accounts::change_profile(&mut tx, &account.acting(caller), &account, &request).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Choose another password. All other sessions end.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "accounts", request_body = ChangePassword, security(("account" = [])),
    responses(
        (status = 204, description = "The new password holds"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The current password is wrong", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn change_password(
    Enrolling(account): Enrolling,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    crate::accounts::change_password(&landlord, &account.acting(caller), &account, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for another e-mail address. It holds once its link was followed; the old address is told.
#[utoipa::path(post, path = "/api/v1/me/email", tag = "accounts", request_body = ChangeEmail, security(("account" = [])),
    responses(
        (status = 202, description = "A letter is on its way to the new address"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The password is wrong, or the second factor is missing", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn change_email(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<ChangeEmail>,
) -> Result<StatusCode, Problem> {
    crate::accounts::change_email(&landlord, &account.acting(caller), &account, &request).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Ask for the link once more that verifies one's address.
#[utoipa::path(post, path = "/api/v1/me/email/verification", tag = "accounts", security(("account" = [])),
    responses(
        (status = 202, description = "A letter is on its way, unless the address is verified"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The second factor is missing", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn resend_verification(account: Account, landlord: Landlord, caller: Caller) -> Result<StatusCode, Problem> {
    crate::accounts::resend_verification(&landlord, &account.acting(caller), &account).await?;
    Ok(StatusCode::ACCEPTED)
}

/// List one's living sessions, the newest first.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "accounts", params(PageQuery), security(("account" = [])),
    responses(
        (status = 200, description = "A page of sessions", body = Page<SessionView>),
        (status = 400, description = "A query parameter is not acceptable", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The second factor is missing", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn list_sessions(
    account: Account,
    landlord: Landlord,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?;
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let rows = crate::accounts::sessions_of(&mut tx, &account, after, limit + 1).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(Json(page::cut(rows, limit, |session| session.id)))
}

/// End one of one's sessions, at once.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "accounts", params(("id" = SessionId, Path, description = "The session")), security(("account" = [])),
    responses(
        (status = 204, description = "It has ended"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The second factor is missing", content_type = "application/problem+json"),
        (status = 404, description = "No such session", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn end_session(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    crate::accounts::end_session(&mut tx, &account.acting(caller), &account, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all of one's sessions but this one.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "accounts", security(("account" = [])),
    responses(
        (status = 204, description = "They have ended"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The second factor is missing", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn end_other_sessions(account: Account, landlord: Landlord, caller: Caller) -> Result<StatusCode, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    let ended = crate::accounts::end_other_sessions(&mut tx, &account.acting(caller), &account).await;
    ended.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin to set up an authenticator. It counts once a code of it has come.
#[utoipa::path(post, path = "/api/v1/me/second-factor", tag = "accounts", request_body = WithPassword, security(("account" = [])),
    responses(
        (status = 201, description = "What the authenticator is set up with", body = Enrolment),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "No valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The password is wrong", content_type = "application/problem+json"),
        (status = 409, description = "There is a second factor already", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn enrol(
    Enrolling(account): Enrolling,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<WithPassword>,
) -> Result<(StatusCode, Json<Enrolment>), Problem> {
    let made = crate::accounts::enrol(&landlord, &account.acting(caller), &account, &request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Send the first code of the authenticator: from now on every login takes one. The recovery codes are told once.
#[utoipa::path(post, path = "/api/v1/me/second-factor/confirm", tag = "accounts", request_body = WithCode, security(("account" = [])),
    responses(
        (status = 200, description = "The second factor is on", body = RecoveryCodes),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The code is wrong, or no valid access token", content_type = "application/problem+json"),
        (status = 409, description = "Nothing was begun, or there is a second factor already", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn confirm(
    Enrolling(account): Enrolling,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<WithCode>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let codes = crate::accounts::confirm(&landlord, &account.acting(caller), &account, &request.code).await?;
    Ok(Json(codes))
}

/// Ask for new recovery codes. The old ones are void.
#[utoipa::path(post, path = "/api/v1/me/second-factor/recovery-codes", tag = "accounts", request_body = WithBoth, security(("account" = [])),
    responses(
        (status = 200, description = "The new ones, told once", body = RecoveryCodes),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The code is wrong, or no valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The password is wrong, or the second factor is missing", content_type = "application/problem+json"),
        (status = 409, description = "There is no second factor", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn renew_recovery_codes(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<WithBoth>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let codes = crate::accounts::renew_recovery_codes(&landlord, &account.acting(caller), &account, &request).await?;
    Ok(Json(codes))
}

/// Let the password alone open the account again. Not for platform admins.
#[utoipa::path(post, path = "/api/v1/me/second-factor/disable", tag = "accounts", request_body = WithBoth, security(("account" = [])),
    responses(
        (status = 204, description = "The second factor is off"),
        (status = 400, description = "The body is not JSON", content_type = "application/problem+json"),
        (status = 401, description = "The code is wrong, or no valid access token", content_type = "application/problem+json"),
        (status = 403, description = "The password is wrong, or one is a platform admin", content_type = "application/problem+json"),
        (status = 409, description = "There is no second factor", content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", content_type = "application/problem+json"),
        (status = 415, description = "The body is not application/json", content_type = "application/problem+json"),
        (status = 422, description = "A field is not acceptable", content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", content_type = "application/problem+json"),
        (status = 503, description = "Busy; try again", content_type = "application/problem+json"),
    ))]
async fn disable(
    account: Account,
    landlord: Landlord,
    caller: Caller,
    Json(request): Json<WithBoth>,
) -> Result<StatusCode, Problem> {
    crate::accounts::disable(&landlord, &account.acting(caller), &account, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}
