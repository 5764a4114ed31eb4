//! Who may call: extractors that refuse before a handler runs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use kernel::id::AccountId;
use kernel::origin::{Actor, Origin};
use kernel::problem::Problem;

use crate::accounts::{self, SessionId};
use crate::platform::Landlord;

/// Somebody who is logged in: the access token is genuine, its session lives, the account is not disabled.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub id: AccountId,
    /// Through which login.
    pub session: SessionId,
    /// In canonical form.
    pub email: String,
    /// Was the address shown to be theirs?
    pub email_verified: bool,
    /// May they use the console?
    pub platform_admin: bool,
}

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
        let landlord = Landlord::from_request_parts(parts, state).await?;
        let token = bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let claims = accounts::verify_access(&landlord, token).map_err(|_| Problem::unauthenticated())?;
        let account = accounts::session_alive(&landlord, &claims).await.map_err(Problem::database)?;
        account.ok_or_else(Problem::unauthenticated)
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
