//! Who may call: extractors that refuse before a handler runs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use kernel::id::AccountId;
use kernel::origin::{Actor, Origin};
use kernel::problem::Problem;

use crate::accounts::{self, SessionId};
use crate::platform::Landlord;

/// Somebody who is logged in: the access token is genuine, its session lives, the account is not disabled. A platform
/// admin has shown the second factor in this session.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub id: AccountId,
    /// Through which login.
    pub session: SessionId,
    /// In canonical form.
    pub email: String,
    /// Their name for people.
    pub name: Option<String>,
    /// Was the address shown to be theirs?
    pub email_verified: bool,
    /// May they use the console?
    pub platform_admin: bool,
    /// Was the second factor shown in this session?
    pub second_factor_shown: bool,
    /// Does a login take one?
    pub second_factor: bool,
}

/// Somebody who is logged in, and who may be a platform admin without a second factor: for the few routes by which
/// they get one.
#[derive(Debug, Clone)]
pub struct Enrolling(pub Account);

/// A platform admin, who has shown the second factor in this session.
#[derive(Debug, Clone)]
pub struct PlatformAdmin(pub Account);

/// Somebody, if a credential was sent. One that is wrong is refused, not ignored.
#[derive(Debug, Clone)]
pub struct Perhaps<T>(pub Option<T>);

/// Which request this is and where it comes from, the actor not yet known.
#[derive(Debug, Clone)]
pub struct Caller(pub Origin);

impl Account {
    /// The request as this person's.
    pub fn acting(&self, caller: Caller) -> Origin {
        caller.0.acting(Actor::Staff(self.id.0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Enrolling(account) = Enrolling::from_request_parts(parts, state).await?;
        if account.platform_admin && !account.second_factor_shown { Err(second_factor_missing()) } else { Ok(account) }
    }
}

/// What a platform admin is told who has not shown the second factor.
pub fn second_factor_missing() -> Problem {
    let detail =
        "platform admins need a second factor: set one up at /api/v1/me/second-factor, or log in with its code";
    Problem::new(StatusCode::FORBIDDEN, "auth.second_factor_required", detail)
}

impl<S: Send + Sync, T: FromRequestParts<S, Rejection = Problem>> FromRequestParts<S> for Perhaps<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            T::from_request_parts(parts, state).await.map(|somebody| Self(Some(somebody)))
        } else {
            Ok(Self(None))
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PlatformAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let account = Account::from_request_parts(parts, state).await?;
        if account.platform_admin {
            Ok(Self(account))
        } else {
            Err(Problem::new(StatusCode::FORBIDDEN, "auth.forbidden", "this is for the platform's own people"))
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Enrolling {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let landlord = Landlord::from_request_parts(parts, state).await?;
        let token = bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let claims = accounts::verify_access(&landlord, token).map_err(|_| Problem::unauthenticated())?;
        let account = accounts::session_alive(&landlord, &claims).await.map_err(Problem::database)?;
        account.map(Self).ok_or_else(Problem::unauthenticated)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let origin = parts.extensions.get::<Origin>().cloned();
        origin.map(Self).ok_or_else(|| Problem::internal("no origin in this request"))
    }
}

/// The token of `Authorization: Bearer ...`, when there is exactly one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
