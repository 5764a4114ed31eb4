//! What an account, a session and their tokens are.

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
