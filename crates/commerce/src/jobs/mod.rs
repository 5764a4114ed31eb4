//! Work to do later: written in the transaction that makes it necessary, done by a worker.
//!
//! ```text
//! due ──claim──> leased ──finish──> (gone)
//!  ^               │ │ └──fail, tries left──> due again, later
//!  └──lease ends───┘ └──fail, no tries left──> dead (kept, can be replayed)
//! ```
//!
//! A claim is a lease with a number: a worker that was away past its lease can no longer finish the job.
//!
//! Owns the cluster's table `souk.jobs`.

mod claim;
mod db;
mod enqueue;
mod finish;
mod model;

pub use claim::claim;
pub use enqueue::enqueue;
pub use finish::{fail, finish, later};
pub use model::{Due, Job, Kind, NewJob};
