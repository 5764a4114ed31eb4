//! What the provider tells about the platform's billing: kept raw and first, then processed once.
//!
//! ```text
//! keep ──> waiting ──claim──> (somebody is at it) ──finish──> processed
//!             ^                       │
//!             └──── fail: later ──────┼──> dead, after too many tries ──reopen──> waiting
//! ```
//!
//! Owns the table `stripe_events`.

mod db;
mod keep;
mod list;
mod model;
mod outcome;

pub use keep::keep;
pub use list::{list, reopen};
pub use model::{EventRow, EventState, Kept, NewEvent, Open};
pub use outcome::{claim, claim_due, fail, finish};
