//! Bring the schemas of all stores up to date, in one run that survives whoever is at it.
//!
//! A store that is behind goes on trading: the program works with the schema of the release before (see
//! `migrations/README.md`). What is up to date is found by asking each cluster once, and is no part of a run. Each store
//! is one transaction under a lock of its own, and waits for nobody longer than `fleet.lock_timeout_ms`: a store whose
//! tables are in use is tried again later, so that no migration stands in the way of its checkouts.

mod plan;
mod run;
mod status;
mod store;

use landlord::fleet::{Counts, Failure, RunState};

pub use status::{ClusterStatus, RunStatus, Status};

use super::Pools;
use super::set::MigrationSet;
use crate::config;

/// The stores of all clusters, and the migrations that they should have.
#[derive(Debug, Clone)]
pub struct Fleet {
    pools: Pools,
    set: MigrationSet,
    settings: config::Fleet,
}

/// How a run is to go.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Do some stores go first?
    pub canaries: bool,
    /// Most stores in work beside each other.
    pub parallel: usize,
    /// If another process is at it: wait until it is done, rather than say so and end.
    pub wait: bool,
}

/// How it went.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Schemas that were looked at before.
    pub looked_at: usize,
    /// The run; `None` when all were up to date.
    pub run: Option<(i64, RunState)>,
    /// How its stores stand.
    pub counts: Counts,
    /// The first of those that could not be brought up to date.
    pub failures: Vec<Failure>,
    /// Clusters that could not be looked at, and why.
    pub unreachable: Vec<(String, String)>,
    /// It was told to stop, or another process took over.
    pub interrupted: bool,
}

impl Outcome {
    /// Is every store up to date now?
    pub fn is_good(&self) -> bool {
        self.unreachable.is_empty() && !self.interrupted && self.counts.failed == 0 && self.counts.waiting == 0
    }
}

/// What is told while a run is under way.
#[derive(Debug, Clone)]
pub enum News<'a> {
    /// It is looked which stores are behind.
    Looking,
    /// A run begins, or goes on.
    Begun {
        /// Its number.
        run: i64,
        /// Was it begun before?
        again: bool,
        /// How many go first.
        canaries: usize,
    },
    /// Another process is at it, and is waited for.
    Waiting(i64),
    /// How the stores stand now.
    Counts(Counts),
    /// A store could not be brought up to date.
    Failed(&'a str, &'a str),
    /// Those that went first are up to date.
    CanariesDone,
    /// It rests, or goes on.
    Paused(bool),
}

impl Fleet {
    /// The stores of these clusters.
    pub fn new(pools: Pools, settings: config::Fleet) -> Self {
        Self { pools, set: MigrationSet::tenant(), settings }
    }

    /// The same stores, with other migrations.
    pub fn with_set(self, set: MigrationSet) -> Self {
        Self { set, ..self }
    }
}
