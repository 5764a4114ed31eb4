//! The SQL of replay: read models as they stand, to be compared.

use kernel::db::TenantTx;
use uuid::Uuid;

/// From here on the transaction sees the store as it is now, whatever others do meanwhile.
pub(super) async fn hold_still(tx: &mut TenantTx) -> sqlx::Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(tx.conn()).await?;
    Ok(())
}

pub(super) struct OrderRow {
    pub(super) id: Uuid,
    pub(super) number: i64,
    pub(super) stage: String,
    pub(super) money: String,
    pub(super) subtotal_minor: i64,
    pub(super) discount_minor: i64,
    pub(super) shipping_minor: i64,
    pub(super) tax_minor: i64,
    pub(super) total_minor: i64,
    pub(super) refunded_minor: i64,
    pub(super) version: i64,
}

pub(super) async fn orders(tx: &mut TenantTx, ids: &[Uuid]) -> sqlx::Result<Vec<OrderRow>> {
    sqlx::query_as!(
        OrderRow,
        "select id, number, stage, money, subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor,
                refunded_minor, version
         from orders where id = any($1)",
        ids
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) struct PaymentRow {
    pub(super) id: Uuid,
    pub(super) status: String,
    pub(super) amount_minor: i64,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    pub(super) version: i64,
}

pub(super) async fn payments(tx: &mut TenantTx, ids: &[Uuid]) -> sqlx::Result<Vec<PaymentRow>> {
    sqlx::query_as!(
        PaymentRow,
        "select id, status, amount_minor, captured_minor, refunded_minor, version from payments where id = any($1)",
        ids
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) struct RefundRow {
    pub(super) id: Uuid,
    pub(super) status: String,
    pub(super) amount_minor: i64,
    pub(super) version: i64,
}

pub(super) async fn refunds(tx: &mut TenantTx, ids: &[Uuid]) -> sqlx::Result<Vec<RefundRow>> {
    sqlx::query_as!(RefundRow, "select id, status, amount_minor, version from refunds where id = any($1)", ids)
        .fetch_all(tx.conn())
        .await
}

pub(super) struct LevelRow {
    pub(super) id: Uuid,
    pub(super) on_hand: i32,
    pub(super) reserved: i32,
    pub(super) version: i64,
}

pub(super) async fn levels(tx: &mut TenantTx, ids: &[Uuid]) -> sqlx::Result<Vec<LevelRow>> {
    sqlx::query_as!(
        LevelRow,
        "select variant_id as id, on_hand, reserved, version from stock_levels where variant_id = any($1)",
        ids
    )
    .fetch_all(tx.conn())
    .await
}

/// Rows by ascending id, and whether anything was ever told of them.
pub(super) struct Told {
    pub(super) id: Uuid,
    pub(super) told: bool,
}

pub(super) async fn orders_told(tx: &mut TenantTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<Told>> {
    sqlx::query_as!(
        Told,
        r#"select r.id, (exists (select from events as e where e.aggregate_id = r.id)
                         or exists (select from event_snapshots as s where s.aggregate_id = r.id)) as "told!"
           from (select id from orders where id > $1 order by id limit $2) as r order by r.id"#,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn payments_told(tx: &mut TenantTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<Told>> {
    sqlx::query_as!(
        Told,
        r#"select r.id, (exists (select from events as e where e.aggregate_id = r.id)
                         or exists (select from event_snapshots as s where s.aggregate_id = r.id)) as "told!"
           from (select id from payments where id > $1 order by id limit $2) as r order by r.id"#,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn refunds_told(tx: &mut TenantTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<Told>> {
    sqlx::query_as!(
        Told,
        r#"select r.id, (exists (select from events as e where e.aggregate_id = r.id)
                         or exists (select from event_snapshots as s where s.aggregate_id = r.id)) as "told!"
           from (select id from refunds where id > $1 order by id limit $2) as r order by r.id"#,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Levels of which something should have been told: those that are not as they were made.
pub(super) async fn levels_told(tx: &mut TenantTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<Told>> {
    sqlx::query_as!(
        Told,
        r#"select r.id as "id!", (r.untouched or exists (select from events as e where e.aggregate_id = r.id)
                         or exists (select from event_snapshots as s where s.aggregate_id = r.id)) as "told!"
           from (select variant_id as id, (on_hand, reserved, version) = (0, 0, 0) as untouched
                 from stock_levels where variant_id > $1 order by variant_id limit $2) as r order by r.id"#,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
