//! The SQL of orders, by concern. Nothing outside this folder touches these tables.

mod create;
mod history;
mod list;
mod moves;
mod read;

pub(super) use create::{insert, insert_items};
pub(super) use history::{HistoryEntry, history, insert_first_history, insert_history};
pub(super) use list::{OrderSummary, list};
pub(super) use moves::{lock, set_stage};
pub(super) use read::{items, order};
