//! Move a store from one cluster to another while it sells.
//!
//! ```text
//! copying    the store sells; its tables are copied, then again what changed meanwhile, until that is little
//! closing    it is read and not written: what changed last is copied, every table is compared, sequences, jobs and
//!            news go along
//! switched   the landlord says that it lives there; what is left is renamed, and dropped some days later
//! ```
//!
//! Nobody can write to the old place behind our back: the store's role loses the right to, and the tables are locked
//! until the move is over. A process that has not heard of it meets that wall and answers 503. Whoever takes a move over
//! names a new lease, and the steps of the one before no longer count.

mod clear;
mod copy;
mod fence;
mod follow;
mod go;

use std::time::Duration;

use kernel::id::TenantId;

pub use clear::{cancel_move, purge_moved, tend_moves};
pub use go::move_store;

use super::Pools;

/// What to move, and how.
#[derive(Debug, Clone)]
pub struct MoveWanted {
    /// Whose store.
    pub tenant: TenantId,
    /// The cluster that it goes to.
    pub to: String,
    /// For how many days what it leaves behind is kept.
    pub keep_days: u32,
    /// Do not begin to close it when that would keep it from being written for longer.
    pub longest_window: Duration,
}

/// A store that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Its rows.
    pub rows: i64,
    /// For how long it could not be written; `None` when only what was left of an earlier move was put away.
    pub window: Option<Duration>,
}

/// What is told on the way.
#[derive(Debug, Clone)]
pub enum MoveNews<'a> {
    /// A schema is made there.
    Preparing,
    /// So many rows of a table were copied, in this round.
    Copied {
        /// Which round.
        round: u32,
        /// Which table.
        table: &'a str,
        /// How many rows.
        rows: u64,
    },
    /// From now on it is read and not written, for about so long.
    Closing(Duration),
    /// It lives there.
    Switched,
}

/// The two places.
#[derive(Debug, Clone, Copy)]
struct Places<'a> {
    from: &'a super::Cluster,
    to: &'a super::Cluster,
}

impl<'a> Places<'a> {
    fn of(pools: &'a Pools, one: &landlord::moves::Move) -> sqlx::Result<Self> {
        Ok(Self { from: pools.reach(&one.from)?, to: pools.reach(&one.to)? })
    }
}
