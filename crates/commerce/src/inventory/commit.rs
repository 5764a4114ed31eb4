//! Make reservations permanent.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::write::{Change, entries, write};
use super::{ReservationStatus, db};
use crate::shop::Shop;

/// Makes what is held for these orders theirs for good. Levels stay as they are; what is not held is left alone.
pub async fn commit(tx: &mut TenantTx, shop: &Shop, order_ids: &[Uuid]) -> sqlx::Result<()> {
    let takes = db::move_reservations(tx, order_ids, &["held"], ReservationStatus::Committed).await?;
    if takes.is_empty() {
        return Ok(());
    }
    let variants: Vec<_> = takes.iter().map(|take| take.variant_id).collect();
    db::lock_levels(tx, &variants).await?;
    let change = Change {
        event_type: "stock.committed",
        reason: "committed",
        reference_type: "order",
        entries: entries(&takes, 0, 0),
    };
    write(tx, shop, &change).await?;
    Ok(())
}
