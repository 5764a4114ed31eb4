//! Write how much of an order's money went back.

use kernel::db::TenantTx;

use crate::orders::{Locked, Money, OrderError};

/// Sets the sum of a locked order. What it was before; `None` when that is the same.
pub(in crate::orders) async fn set_refunded(
    tx: &mut TenantTx,
    order: &Locked,
    refunded_minor: i64,
    money: Money,
) -> Result<Option<i64>, OrderError> {
    let before = sqlx::query_scalar!(
        "select refunded_minor from orders where id = $1 and (refunded_minor, money) is distinct from ($2, $3)",
        order.id.0,
        refunded_minor,
        money as Money,
    );
    let Some(before) = before.fetch_optional(tx.conn()).await? else { return Ok(None) };
    let done = sqlx::query!(
        "update orders set refunded_minor = $3, money = $4, version = version + 1, updated_at = now()
         where id = $1 and version = $2",
        order.id.0,
        order.version,
        refunded_minor,
        money as Money,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(Some(before)) } else { Err(OrderError::Changed) }
}
