//! Work to do later: written in the transaction that makes it necessary, done by a worker.
//!
//! ```text
//! due ──claim──> leased ──finish──> (gone)
//!  ^               │ │ └──fail, tries left──> due again, later
//!  └──lease ends───┘ └──fail, no tries left──> dead ──replay──> due
//!                                                └──discard──> (gone)
//! ```
//!
//! A claim is a lease with a number: a worker that was away past its lease can no longer finish the job.
//!
//! Each kind of job waits in a [`Queue`]; queues that matter more have a head start, and none starves. What is done by
//! the clock stands in [`cron`].
//!
//! Owns the cluster's tables `souk.jobs` and `souk.cron`. A store's role may only add jobs; its staff reads and replays
//! those of its store through [`TenantJobs`].

mod carry;
mod claim;
pub mod cron;
mod cron_db;
mod db;
mod dead;
mod enqueue;
mod finish;
pub mod http;
mod model;

pub use carry::carry;
pub use claim::claim;
pub use db::Which;
pub use dead::{TenantJobs, discard, list, replay, replay_kind};
pub use enqueue::enqueue;
pub use finish::{fail, finish, later};
pub use model::{Due, Job, JobState, Kind, Listed, NewJob, Queue};
