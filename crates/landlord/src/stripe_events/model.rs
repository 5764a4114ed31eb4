//! What a message is.

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use serde::{Deserialize, Serialize};

/// A message that was signed by the provider.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// The provider's id, or one made of its digest.
    pub event_id: String,
    /// Such as `invoice.paid`; `unreadable` for what is no event.
    pub kind: String,
    /// By the provider's clock, Unix seconds.
    pub created: Option<i64>,
    /// Is it about real money?
    pub livemode: Option<bool>,
    /// The connected account that it is about.
    pub account: Option<String>,
    /// The version that shaped it.
    pub api_version: Option<String>,
    /// What it is about.
    pub object_id: Option<String>,
    /// Whose that is.
    pub tenant: Option<TenantId>,
    /// As it came.
    pub payload: &'a [u8],
}

/// How a message came to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is new.
    New(i64),
    /// It came before and is still to be processed, or somebody is at it.
    Open,
    /// It came before and was processed.
    Done,
    /// Its id came before with another body.
    OtherBody,
}

/// A message that is ours to process until its lease ends.
#[derive(Debug, Clone)]
pub struct Open {
    /// Row.
    pub id: i64,
    /// As it came.
    pub payload: Vec<u8>,
    /// How often it was tried, this time included.
    pub attempts: i32,
    /// Whose it is, if that was known when it came.
    pub tenant: Option<TenantId>,
}

/// How far a message has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// To be processed, perhaps again.
    Open,
    /// Processed.
    Processed,
    /// Put aside; a person must look at it.
    Dead,
}

impl EventState {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processed => "processed",
            Self::Dead => "dead",
        }
    }
}

/// A message as operators see it: never its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EventRow {
    /// Later ones have higher ids.
    pub id: i64,
    /// The provider's own id.
    pub event_id: String,
    /// Such as `invoice.paid`.
    pub kind: String,
    /// `open`, `processed` or `dead`.
    pub state: String,
    /// What became of it, once it is processed: `applied`, `unchanged`, `ignored`, `not_ours`, `other_mode` or
    /// `unreadable`.
    pub outcome: Option<String>,
    /// Whose it is.
    pub tenant_id: Option<TenantId>,
    /// What it is about.
    pub object_id: Option<String>,
    /// Is it about real money?
    pub livemode: Option<bool>,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was processed.
    pub processed_at: Option<DateTime<Utc>>,
}
