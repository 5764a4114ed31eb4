//! Set stock aside for orders.

use std::collections::{BTreeMap, HashSet};

use kernel::db::TenantTx;
use uuid::Uuid;

use super::write::{Change, entries, write};
use super::{Reservation, ReservationStatus, Take, db};
use crate::catalog::VariantId;
use crate::events::Event;
use crate::shop::Shop;

/// Sets stock aside, for as many orders as one likes: held, or committed at once for those that are `sure`. The caller
/// has locked the levels and seen that they suffice; otherwise the database refuses. Returns the events to tell.
pub async fn reserve(tx: &mut TenantTx, shop: &Shop, takes: &[Take], sure: &HashSet<Uuid>) -> sqlx::Result<Vec<Event>> {
    if takes.is_empty() {
        return Ok(Vec::new());
    }
    let takes = merge(takes);
    let status = |take: &Take| match sure.contains(&take.order_id) {
        true => ReservationStatus::Committed,
        false => ReservationStatus::Held,
    };
    let statuses: Vec<_> = takes.iter().map(status).collect();
    db::insert_reservations(tx, &takes, &statuses).await?;
    let change = Change {
        event_type: "stock.reserved",
        reason: "reserved",
        reference_type: "order",
        entries: entries(&takes, 0, 1),
    };
    write(tx, shop, &change).await
}

/// What is set aside for an order, and how far that has got.
pub async fn reserved_for(tx: &mut TenantTx, order_id: Uuid) -> sqlx::Result<Vec<Reservation>> {
    db::reservations(tx, order_id).await
}

/// One for each order and variant.
fn merge(takes: &[Take]) -> Vec<Take> {
    let mut merged = BTreeMap::<(Uuid, VariantId), i32>::new();
    for take in takes {
        let quantity = merged.entry((take.order_id, take.variant_id)).or_default();
        *quantity = quantity.saturating_add(take.quantity);
    }
    merged.into_iter().map(|((order_id, variant_id), quantity)| Take { order_id, variant_id, quantity }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_order_and_variant_become_one() {
        let take = |order, variant, quantity| Take {
            order_id: Uuid::from_u128(order),
            variant_id: VariantId(Uuid::from_u128(variant)),
            quantity,
        };
        let merged = merge(&[take(2, 1, 1), take(1, 1, 2), take(2, 1, 3)]);
        assert_eq!(merged, [take(1, 1, 2), take(2, 1, 4)]);
    }
}
