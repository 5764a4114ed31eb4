//! Clusters: the databases that hold stores. A store lives in exactly one.
//!
//! A new store goes to the emptiest cluster that takes its plan, measured by weight; to none that drains.
//!
//! Owns the table `clusters`.

mod db;
mod declare;
mod drain;
mod list;
mod place;
mod seen;

pub use db::Cluster;
pub use declare::{Declared, declare};
pub use drain::{ClusterError, drain};
pub use list::list;
pub use place::place;
pub use seen::seen;
