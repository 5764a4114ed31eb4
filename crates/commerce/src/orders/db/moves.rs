//! Lock orders and move them on.

use kernel::db::TenantTx;

use crate::orders::{Locked, OrderError, OrderId, Stage};

pub(in crate::orders) async fn lock(tx: &mut TenantTx, id: OrderId) -> Result<Option<Locked>, OrderError> {
    let order = sqlx::query_as!(
        Locked,
        r#"select id as "id: OrderId", number, cart_id as cart, stage as "stage: Stage", version, total_minor, currency
           from orders where id = $1 for update"#,
        id.0,
    );
    Ok(order.fetch_optional(tx.conn()).await?)
}

pub(in crate::orders) async fn set_stage(
    tx: &mut TenantTx,
    order: &Locked,
    to: Stage,
    reason: Option<&str>,
) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders
         set stage = $3, version = version + 1, updated_at = now(), failure = coalesce($4, failure),
             paid_at = case when $3 = 'paid' then now() else paid_at end
         where id = $1 and stage = $2",
        order.id.0,
        order.stage.name(),
        to.name(),
        reason.filter(|_| matches!(to, Stage::Failed | Stage::Cancelled)),
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(OrderError::Changed) }
}
