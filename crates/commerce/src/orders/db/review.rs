//! Write what a person said of an order.

use kernel::db::TenantTx;
use serde_json::Value;

use crate::orders::{Locked, OrderError, Review};

/// Writes the word of who looked at an order that waits for it, and counts one event.
pub(in crate::orders) async fn set_review(
    tx: &mut TenantTx,
    order: &Locked,
    to: Review,
    by: &Value,
) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders
         set review = $3, reviewed_by = $4, reviewed_at = now(), version = version + 1, updated_at = now()
         where id = $1 and version = $2 and review = 'pending'",
        order.id.0,
        order.version,
        to as _,
        by,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(OrderError::Changed) }
}
