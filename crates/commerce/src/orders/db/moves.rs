//! Lock orders and move them on.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde_json::Value;
use uuid::Uuid;

use crate::orders::{Locked, Money, OrderError, OrderId, OrderItemId, Review, StaffLock, Stage};

pub(in crate::orders) async fn lock(tx: &mut TenantTx, id: OrderId) -> Result<Option<Locked>, OrderError> {
    let row = sqlx::query!(
        r#"select id as "id: OrderId", number, cart_id, stage as "stage: Stage", money as "money: Money",
                  review as "review: Review", payment_method, email, version, total_minor, refunded_minor, currency,
                  locked_at, locked_by, lock_reason
           from orders where id = $1 for update"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Locked {
        id: row.id,
        number: row.number,
        cart: row.cart_id,
        stage: row.stage,
        money: row.money,
        review: row.review,
        payment_method: row.payment_method,
        email: row.email,
        version: row.version,
        total_minor: row.total_minor,
        refunded_minor: row.refunded_minor,
        currency: row.currency,
        held: held(row.locked_at, row.locked_by, row.lock_reason),
    }))
}

/// Who holds an order; all three are there or none is.
pub(super) fn held(at: Option<DateTime<Utc>>, by: Option<Value>, reason: Option<String>) -> Option<StaffLock> {
    Some(StaffLock { locked_at: at?, locked_by: by?, reason: reason? })
}

pub(in crate::orders) async fn set_stage(
    tx: &mut TenantTx,
    order: &Locked,
    to: Stage,
    reason: Option<&str>,
) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders
         set stage = $3, stage_since = now(), version = version + 1, updated_at = now(),
             failure = case when $3 = 'paid' then null else coalesce($4, failure) end,
             paid_at = case when $3 = 'paid' then now() else paid_at end,
             payment_ms = case when $3 = 'paid' then greatest(0, extract(epoch from now() - created_at) * 1000)::bigint
                               else payment_ms end,
             confirmed_at = case when $3 = 'confirmed' then now() else confirmed_at end
         where id = $1 and stage = $2",
        order.id.0,
        order.stage.name(),
        to.name(),
        reason.filter(|_| matches!(to, Stage::Failed | Stage::Cancelled)),
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

/// Counts one event of a locked order.
pub(in crate::orders) async fn count_event(tx: &mut TenantTx, order: &Locked) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders set version = version + 1, updated_at = now() where id = $1 and version = $2",
        order.id.0,
        order.version,
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

/// Writes what went back, and counts one event.
pub(in crate::orders) async fn set_money(
    tx: &mut TenantTx,
    order: &Locked,
    money: Money,
    refunded_minor: i64,
) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders set money = $3, refunded_minor = $4, version = version + 1, updated_at = now()
         where id = $1 and version = $2",
        order.id.0,
        order.version,
        money.name(),
        refunded_minor,
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

pub(in crate::orders) async fn add_shipped(
    tx: &mut TenantTx,
    order: OrderId,
    items: &[(OrderItemId, i32)],
) -> Result<(), OrderError> {
    let (ids, quantities) = columns(items);
    sqlx::query!(
        "update order_items i set shipped_quantity = i.shipped_quantity + u.quantity
         from unnest($2::uuid[], $3::int[]) as u (id, quantity) where i.id = u.id and i.order_id = $1",
        order.0,
        &ids,
        &quantities,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::orders) async fn add_refunded(
    tx: &mut TenantTx,
    order: OrderId,
    items: &[(OrderItemId, i32)],
) -> Result<(), OrderError> {
    let (ids, quantities) = columns(items);
    sqlx::query!(
        "update order_items i set refunded_quantity = i.refunded_quantity + u.quantity
         from unnest($2::uuid[], $3::int[]) as u (id, quantity) where i.id = u.id and i.order_id = $1",
        order.0,
        &ids,
        &quantities,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The time from when the order was sure until now, and from when it was made.
pub(in crate::orders) async fn measure(tx: &mut TenantTx, order: OrderId) -> Result<(i64, i64), OrderError> {
    let row = sqlx::query!(
        r#"update orders
         set fulfilment_ms = greatest(0, extract(epoch from now() - coalesce(
                 confirmed_at, case when payment_method = 'card' then paid_at end, created_at)) * 1000)::bigint,
             total_ms = greatest(0, extract(epoch from now() - created_at) * 1000)::bigint
         where id = $1 returning fulfilment_ms as "fulfilment_ms!", total_ms as "total_ms!""#,
        order.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.fulfilment_ms, row.total_ms))
}

pub(in crate::orders) async fn money_came(tx: &mut TenantTx, order: OrderId) -> Result<(), OrderError> {
    sqlx::query!(
        "update orders set payment_ms = greatest(0, extract(epoch from now() - created_at) * 1000)::bigint
         where id = $1",
        order.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn columns(items: &[(OrderItemId, i32)]) -> (Vec<Uuid>, Vec<i32>) {
    items.iter().map(|(id, quantity)| (id.0, *quantity)).unzip()
}

fn one(rows: u64) -> Result<(), OrderError> {
    if rows == 1 { Ok(()) } else { Err(OrderError::Changed) }
}

pub(in crate::orders) async fn set_payment_method(
    tx: &mut TenantTx,
    id: OrderId,
    method: &str,
) -> Result<(), OrderError> {
    sqlx::query!("update orders set payment_method = $2, updated_at = now() where id = $1", id.0, method)
        .execute(tx.conn())
        .await?;
    Ok(())
}
