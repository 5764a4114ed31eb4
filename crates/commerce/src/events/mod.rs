//! The event store: what happened to orders, stock and payments, written in the transaction in which it happens.
//!
//! Each aggregate counts its events: `(aggregate_id, version)` is unique, so two writers cannot both make version 7.
//! The published feed, `GET /api/v1/admin/events?after=`, numbers them without gaps, in the order in which the relay
//! found their transactions ended.
//!
//! Owns the tables `events` and `feed`.

mod db;
pub mod http;
mod publish;
mod tell;
mod tell_again;

pub(crate) use db::of_aggregate;
pub use publish::publish;
pub use tell::{Event, tell};
pub use tell_again::tell_again;
