//! What an account, a session and their tokens are.

use chrono::{DateTime, Utc};
use kernel::id::AccountId;
use serde::{Deserialize, Serialize};

kernel::id! {
    /// One login on one device.
    SessionId
}

/// An account as its owner sees it in answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// In canonical form.
    pub email: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// Is it the one that asks?
    pub current: bool,
    /// Where it began.
    pub ip: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last got new tokens.
    pub used_at: DateTime<Utc>,
    /// When it ends, however often it is used.
    pub ends_at: DateTime<Utc>,
}

/// What a client needs to act for an account.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct Tokens {
    /// Sent as `Authorization: Bearer ...`.
    pub access_token: String,
    /// Buys the next tokens, once.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds that the access token lives.
    pub expires_in: i64,
}

/// The answer to a login.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct LoggedIn {
    /// Who.
    pub account: AccountView,
    /// Their tokens.
    #[serde(flatten)]
    pub tokens: Tokens,
}
