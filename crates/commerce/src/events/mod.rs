//! The event store: what happened to orders, stock and payments, written in the transaction in which it happens.
//!
//! Each aggregate counts its events: `(aggregate_id, version)` is unique, so two writers cannot both make version 7.
//! The published feed, `GET /api/v1/admin/events?after=`, numbers them without gaps, in the order in which the relay
//! found their transactions ended.
//!
//! After 90 days the events of what is at rest are put away: what they made of their aggregate, and how, stays in its
//! snapshot. Whoever reads the feed from before that is told so.
//!
//! Owns the tables `events`, `event_snapshots` and `feed`.

mod db;
pub mod http;
mod publish;
mod put_away;
mod tell;
mod tell_again;

pub use db::{News, PublishedEvent};
pub(crate) use db::{by_aggregate, correlation_of, first_data, mark_gone, of_aggregate, published as published_after};
pub use publish::publish;
pub use put_away::{OldEvent, Snapshot};
pub(crate) use put_away::{
    delete_through, hold_store, known, of_aggregates, oldest, put_snapshots, snapshots_after, snapshots_of,
    try_hold_store, with_events,
};
pub use tell::{Event, tell};
pub use tell_again::tell_again;
