//! What a run is.

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use serde::Serialize;

/// How far a run has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RunState {
    /// Those that go first are at it.
    Canary,
    /// The rest is.
    Rolling,
    /// All are up to date.
    Finished,
    /// All had their turn, and some could not be brought up to date.
    Failed,
    /// One of those that go first failed; the rest was not touched.
    Stopped,
    /// A newer version came before it was over.
    Superseded,
}

impl RunState {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Rolling => "rolling",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Superseded => "superseded",
        }
    }
}

/// A schema that is to be brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Names the schema.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub cluster: String,
    /// Does it wait for a store?
    pub spare: bool,
    /// Does it go first?
    pub canary: bool,
    /// The newest migration in it.
    pub from_version: i64,
}

/// A schema whose turn is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Names the schema.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub cluster: String,
    /// Does it wait for a store?
    pub spare: bool,
    /// The newest migration in it when the run began.
    pub from_version: i64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// The migration up to which stores are brought.
    pub target_version: i64,
    /// How far it has got.
    pub state: RunState,
    /// Since when it rests.
    pub paused_at: Option<DateTime<Utc>>,
    /// Is a process at it?
    pub held: bool,
    /// Which one, the last.
    pub node: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The right to go on with a run, until its lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub(super) run: i64,
    pub(super) lease: i64,
}

impl Turn {
    /// The run's number.
    pub fn run(self) -> i64 {
        self.run
    }
}

/// What whoever is at a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Go,
    /// Begin with no more stores for the moment.
    Pause,
    /// Another process has the run now.
    Lost,
}

/// How many stores of a run stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Their turn is still to come.
    pub waiting: i64,
    /// They are up to date.
    pub done: i64,
    /// They could not be brought up to date.
    pub failed: i64,
    /// Of those that have had their turn, how many within the last minute.
    pub last_minute: i64,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> i64 {
        self.waiting + self.done + self.failed
    }
}

/// A store that could not be brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What people call it.
    pub name: String,
    /// Names its schema.
    pub id: TenantId,
    /// Where it is.
    pub cluster: String,
    /// The newest migration in it when the run began.
    pub from_version: i64,
    /// How often it was tried.
    pub tries: i32,
    /// What the last try said.
    pub error: Option<String>,
}
