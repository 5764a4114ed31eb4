//! What a letter in the queue is.

use chrono::{DateTime, Utc};
use kernel::id::{AccountId, TenantId};
use serde::{Deserialize, Serialize};

use super::Mail;
use crate::accounts::Email;

kernel::id! {
    /// One letter to one person.
    MailId
}

/// How far a letter has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MailState {
    /// To be sent, perhaps again.
    Waiting,
    /// The mail server has taken it.
    Sent,
    /// Given up.
    Dead,
}

/// A letter to be written.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// To whom.
    pub to: Email,
    /// What it says.
    pub mail: Mail,
    /// With a key it is written once, however often it is asked for.
    pub dedup: Option<String>,
    /// The store that it is about.
    pub tenant: Option<TenantId>,
    /// The account that it is to or about.
    pub account: Option<AccountId>,
}

impl NewMail {
    /// A letter to somebody.
    pub fn new(to: Email, mail: impl Into<Mail>) -> Self {
        Self { to, mail: mail.into(), dedup: None, tenant: None, account: None }
    }

    /// The same, once for this key.
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.dedup = Some(key.into());
        self
    }

    /// The same, about a store.
    pub fn about(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The same, to or about an account.
    pub fn for_account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }
}

/// A letter as operators see it. Its words are not among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MailRow {
    /// Its id.
    pub id: MailId,
    /// To whom.
    pub recipient: String,
    /// What kind it is, such as `account.verify_email`.
    pub kind: String,
    /// How far it has got.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_at: DateTime<Utc>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The store that it is about.
    pub tenant_id: Option<TenantId>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// How the queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MailCounts {
    /// To be sent.
    pub waiting: i64,
    /// Given up.
    pub dead: i64,
}
