//! Take goods again that were given back.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::write::{Change, entries, write};
use super::{Level, db};
use crate::events::Event;
use crate::shop::Shop;

/// Sets the goods of an order aside again, for good, after they were given back. Returns the events to tell; `None`, and
/// nothing is changed, when there is not enough of all of them, or they were not given back.
pub async fn reclaim(tx: &mut TenantTx, shop: &Shop, order_id: Uuid) -> sqlx::Result<Option<Vec<Event>>> {
    let takes = db::released(tx, order_id).await?;
    let variants: Vec<_> = takes.iter().map(|take| take.variant_id).collect();
    let levels = db::lock_levels(tx, &variants).await?;
    let enough =
        |take: &super::Take| levels.get(&take.variant_id).copied().map_or(0, Level::available) >= take.quantity;
    if takes.is_empty() || !takes.iter().all(enough) {
        return Ok(None);
    }
    db::commit_released(tx, order_id).await?;
    let change = Change {
        event_type: "stock.reserved",
        reason: "reclaimed",
        reference_type: "order",
        entries: entries(&takes, 0, 1),
    };
    Ok(Some(write(tx, shop, &change).await?))
}
