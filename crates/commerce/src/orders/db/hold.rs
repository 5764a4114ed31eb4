//! Write who of the staff holds an order.

use kernel::db::TenantTx;
use serde_json::Value;

use crate::orders::{Locked, OrderError, StaffLock};

/// Holds a locked order, and counts one event. A second time by the same, only the reason changes.
pub(in crate::orders) async fn set_held(
    tx: &mut TenantTx,
    order: &Locked,
    by: &Value,
    reason: &str,
) -> Result<StaffLock, OrderError> {
    if let Some(held) = &order.held
        && held.reason == reason
    {
        return Ok(held.clone());
    }
    let held = sqlx::query_as!(
        StaffLock,
        r#"update orders
           set locked_at = coalesce(locked_at, now()), locked_by = $3, lock_reason = $4, version = version + 1,
               updated_at = now()
           where id = $1 and version = $2
           returning locked_at as "locked_at!", locked_by as "locked_by!", lock_reason as "reason!""#,
        order.id.0,
        order.version,
        by,
        reason,
    );
    held.fetch_optional(tx.conn()).await?.ok_or(OrderError::Changed)
}

/// Lets go of a locked order, and counts one event.
pub(in crate::orders) async fn clear_held(tx: &mut TenantTx, order: &Locked) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders
         set locked_at = null, locked_by = null, lock_reason = null, version = version + 1, updated_at = now()
         where id = $1 and version = $2",
        order.id.0,
        order.version,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(OrderError::Changed) }
}
