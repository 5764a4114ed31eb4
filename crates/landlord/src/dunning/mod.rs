//! Dunning: what happens, day by day, to a store that does not pay. A ladder is data; where a store stands on it is a
//! pure function of the ladder, of when it fell behind, and of the time.
//!
//! ```text
//! begin ──> step ──> step ──> … ──> the last step          each once, with its audit row and its mail
//!   └────────┴────────┴── undo: it paid
//! ```
//!
//! A step counts from the moment a worker has taken it, not from the hour at which it was due: whatever a store may no
//! longer do, it has been told so in the same transaction.
//!
//! Owns the tables `dunning_ladders`, `dunning_steps` and `dunning_taken`, and on `subscriptions` the columns
//! `behind_since`, `ladder`, `stage` and `next_step_at`.

mod advance;
mod begin;
mod db;
mod model;
mod preview;
mod undo;

pub use advance::{advance, advance_due};
pub use begin::begin;
pub use model::{Action, Cause, Ladder, Stage, Step, due, next, stage};
pub use preview::{Day, Planned, plan_of, preview, stage_of};
pub use undo::undo;
