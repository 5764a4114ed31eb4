//! Take out what leaves the store room for an order.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::write::{Change, entries, write};
use super::{ReservationStatus, db};
use crate::events::Event;
use crate::shop::Shop;

/// Takes out what is committed to an order. Doing it again does nothing. Returns the events to tell.
pub async fn ship(tx: &mut TenantTx, shop: &Shop, order_id: Uuid) -> sqlx::Result<Vec<Event>> {
    let takes = db::move_reservations(tx, &[order_id], &["committed"], ReservationStatus::Shipped).await?;
    if takes.is_empty() {
        return Ok(Vec::new());
    }
    let variants: Vec<_> = takes.iter().map(|take| take.variant_id).collect();
    db::lock_levels(tx, &variants).await?;
    let change = Change {
        event_type: "stock.shipped",
        reason: "shipped",
        reference_type: "order",
        entries: entries(&takes, -1, -1),
    };
    write(tx, shop, &change).await
}
