//! Moves: a store on its way from one cluster to another.
//!
//! ```text
//! copying ──close──> closing ──switch──> switched ──finish──> done
//!    │  ^──reopen────────┘
//!    └──cancel──> cancelled
//! ```
//!
//! Whoever is at a move holds a lease. A move that nobody is at any more is reopened while it is `closing`, so that the
//! store can be written again, and brought to its end when it is `switched`.
//!
//! Owns the table `tenant_moves`; where a store lives stands in `tenants`.

mod db;
mod error;
mod list;
mod model;
mod start;
mod step;

pub use error::MoveError;
pub use list::{abandoned, kept, last, purged, under_way};
pub use model::{Move, MoveStep, Turn};
pub use start::{Begun, start};
pub use step::{cancel, close, finish, hold, reopen, switch};
