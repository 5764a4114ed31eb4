//! Give back what was set aside for an order.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::db;
use super::write::{Change, entries, write};
use crate::events::Event;
use crate::shop::Shop;

/// Gives back what an order still claims: neither shipped nor given back before. The reason has at most 200 characters.
/// Doing it again does nothing. Returns the events to tell.
pub async fn release(tx: &mut TenantTx, shop: &Shop, order_id: Uuid, reason: &str) -> sqlx::Result<Vec<Event>> {
    let takes = db::release_reservations(tx, order_id).await?;
    if takes.is_empty() {
        return Ok(Vec::new());
    }
    let variants: Vec<_> = takes.iter().map(|take| take.variant_id).collect();
    db::lock_levels(tx, &variants).await?;
    let change =
        Change { event_type: "stock.released", reason, reference_type: "order", entries: entries(&takes, 0, -1) };
    write(tx, shop, &change).await
}
