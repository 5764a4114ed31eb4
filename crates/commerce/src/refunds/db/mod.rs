//! The SQL of refunds. Nothing outside this folder touches these tables.

mod moves;
mod read;
mod record;

pub(super) use moves::{
    known, lock, not_begun, note_absent, place, restocking, retried, set_asked_again, set_decided, set_failed,
    set_processing, set_provider_ref, set_restocked, set_succeeded,
};
pub(super) use read::{lines, list, of_order, one, taken};
pub(super) use record::{insert, insert_lines};
