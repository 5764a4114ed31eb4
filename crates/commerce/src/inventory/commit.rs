//! Make reservations permanent.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::{ReservationStatus, db};

/// Makes what is held for these orders theirs for good. No level changes, so none is locked and nothing is told: the
/// order's own event says that its goods are its own. What is not held is left alone.
pub async fn commit(tx: &mut TenantTx, order_ids: &[Uuid]) -> sqlx::Result<()> {
    db::move_reservations(tx, order_ids, &["held"], ReservationStatus::Committed).await?;
    Ok(())
}
