//! The SQL of inventory, by table. Nothing outside this folder touches these tables.

mod levels;
mod movements;
mod reservations;

use uuid::Uuid;

use crate::catalog::VariantId;

pub(super) use levels::{
    Written, change_levels, crossing, forget_low, insert_levels, levels, levels_between, lock_level, lock_levels,
    remember_low,
};
pub(super) use movements::{
    OldMovement, delete_movements, insert_movements, movements, movements_of, movements_through, old_movements,
    set_carried_over,
};
pub(super) use reservations::{
    commit_released, insert_reservations, move_reservations, release_reservations, released, reservations,
    ship_reservations,
};

/// Ids as the database takes them.
pub(super) fn uuids(ids: &[VariantId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
