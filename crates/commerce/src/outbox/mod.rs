//! The outbox: events on their way to those who listen.
//!
//! Telling writes one row beside the events, in the same transaction. The relay takes a store's rows in order, one relay
//! at a time per store, gives each event its place in the published feed and hands it to the consumers.
//!
//! Owns the cluster's table `souk.outbox`.

mod db;
mod take;

pub(crate) use db::post;
pub use take::{stores_with_news, take};
