//! What a move is.

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use serde::Serialize;

/// How far a move has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MoveStep {
    /// The store sells where it was, while it is copied.
    Copying,
    /// It is read and not written, while what changed is copied and all is compared.
    Closing,
    /// It sells where it goes.
    Switched,
    /// What is left at the old place is put away.
    Done,
    /// It stayed where it was.
    Cancelled,
}

impl MoveStep {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Copying => "copying",
            Self::Closing => "closing",
            Self::Switched => "switched",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Its number.
    pub id: i64,
    /// Whose store.
    pub tenant: TenantId,
    /// Where it was.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// How far it has got.
    pub step: MoveStep,
    /// What the last attempt said.
    pub last_error: Option<String>,
    /// For how many milliseconds it could not be written.
    pub window_ms: Option<i64>,
    /// What is left at the old place is kept until then.
    pub keep_until: Option<DateTime<Utc>>,
    /// When that was dropped.
    pub purged_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) lease: i64,
}

/// The right to go on with a move, until its lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The move's number.
    pub id: i64,
    pub(super) lease: i64,
}

impl Move {
    /// Is this the same move, and nobody else's since?
    pub fn is_still(&self, before: &Self) -> bool {
        (self.id, self.lease) == (before.id, before.lease)
    }

    /// The right to go on with it, for whoever has just taken it.
    pub(super) fn turn(&self) -> Turn {
        Turn { id: self.id, lease: self.lease }
    }
}
