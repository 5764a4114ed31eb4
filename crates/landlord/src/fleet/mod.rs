//! The fleet: all schemas of stores, and the runs that bring them up to date.
//!
//! ```text
//! canary ──all went well──> rolling ──all had their turn──> finished | failed
//!    └──one failed──> stopped        (a newer version came: superseded)
//! ```
//!
//! At most one run is open. Whoever is at it holds a lease; after a crash another process takes it over and goes on with
//! what still waits. What is up to date already is no part of a run.
//!
//! Owns the tables `fleet_runs` and `fleet_run_stores`.

mod db;
mod lease;
mod model;
mod open;
mod pause;
mod record;
mod status;

pub use lease::{hold, release, take};
pub use model::{Counts, Failure, Planned, Run, RunState, Signal, Turn, Waiting};
pub use open::{FleetError, open, supersede};
pub use pause::{pause, resume};
pub use record::{done, failed, finish, waiting};
pub use status::{counts, failures, last, unfinished};
