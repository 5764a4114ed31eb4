//! The SQL that counts over all of a store's tables. Only reads.

use kernel::db::{ClusterTx, TenantTx};
use kernel::id::TenantId;

use super::counts::Stock;
use super::shared::Queued;
use crate::orders::{Money, OrderId, Stage};
use crate::payments::PaymentId;

pub(super) struct Orders {
    pub(super) stage: Stage,
    pub(super) money: Money,
    pub(super) count: i64,
}

pub(super) async fn orders(tx: &mut TenantTx) -> sqlx::Result<Vec<Orders>> {
    sqlx::query_as!(
        Orders,
        r#"select stage as "stage: Stage", money as "money: Money", count(*) as "count!" from orders group by stage, money"#
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn orders_stuck(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from orders
           where stage in ('pending', 'awaiting_payment') and payment_method = 'card'
             and review is distinct from 'pending' and created_at < now() - interval '1 hour'"#
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn payments(tx: &mut TenantTx) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(r#"select status, count(*) as "count!" from payments group by status"#);
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.status, row.count)).collect())
}

pub(super) async fn refunds(tx: &mut TenantTx) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(r#"select status, count(*) as "count!" from refunds group by status"#);
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.status, row.count)).collect())
}

pub(super) async fn stock(tx: &mut TenantTx) -> sqlx::Result<Stock> {
    sqlx::query_as!(
        Stock,
        r#"select coalesce(sum(available), 0)::bigint as "available!", coalesce(sum(reserved), 0)::bigint as "reserved!",
                  count(*) filter (where low_since is not null and available > 0) as "low!",
                  count(*) filter (where available <= 0) as "out!",
                  count(*) filter (where on_hand < 0 or reserved < 0 or reserved > on_hand) as "inconsistent!"
           from stock_levels"#
    )
    .fetch_one(tx.conn())
    .await
}

/// (events that wait, seconds that the oldest has waited)
pub(super) async fn outbox(tx: &mut ClusterTx) -> sqlx::Result<(i64, f64)> {
    let row = sqlx::query!(
        r#"select coalesce(sum(cardinality(positions)), 0)::bigint as "count!",
                  coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "late!"
           from souk.outbox"#
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.count, row.late.max(0.0)))
}

pub(super) async fn jobs(tx: &mut ClusterTx) -> sqlx::Result<Vec<Queued>> {
    sqlx::query_as!(
        Queued,
        r#"select queue, s.state as "state!", count(*) as "count!",
                  greatest(max(extract(epoch from now() - run_at)) filter (where s.state = 'due'), 0)::float8 as "late!"
           from souk.jobs
           cross join lateral (select case when dead_at is not null then 'dead' when run_at <= now() then 'due'
                                           else 'scheduled' end as state) s
           group by queue, s.state"#
    )
    .fetch_all(tx.conn())
    .await
}

/// What went back of an order, by its refunds.
pub(super) async fn refunded_of_order(tx: &mut TenantTx, order: OrderId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(amount_minor), 0)::bigint as "back!" from refunds
           where order_id = $1 and status = 'succeeded'"#,
        order.0
    )
    .fetch_one(tx.conn())
    .await
}

/// What went back of a payment, and what is promised, by its refunds.
pub(super) async fn refunded_of_payment(tx: &mut TenantTx, payment: PaymentId) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select coalesce(sum(amount_minor) filter (where status = 'succeeded'), 0)::bigint as "back!",
                  coalesce(sum(amount_minor) filter (where status in ('requested', 'approved', 'processing')), 0)::bigint
                      as "promised!"
           from refunds where payment_id = $1"#,
        payment.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.back, row.promised))
}

/// (tenant, what) of at most 10,000 jobs that were given up.
pub(super) async fn dead_jobs(tx: &mut ClusterTx) -> sqlx::Result<Vec<(TenantId, String)>> {
    let rows = sqlx::query!(
        r#"select tenant_id as "tenant: TenantId", kind || ' ' || id as "what!" from souk.jobs
           where dead_at is not null order by dead_at limit 10000"#
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.tenant, row.what)).collect())
}

/// (tenant, what) of at most 10,000 jobs that have been due for ten minutes.
pub(super) async fn overdue_jobs(tx: &mut ClusterTx) -> sqlx::Result<Vec<(TenantId, String)>> {
    let rows = sqlx::query!(
        r#"select tenant_id as "tenant: TenantId", kind || ' ' || id as "what!" from souk.jobs
           where dead_at is null and run_at < now() - interval '10 minutes' order by run_at limit 10000"#
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.tenant, row.what)).collect())
}

/// (tenant, how many) of events that have waited for five minutes.
pub(super) async fn late_news(tx: &mut ClusterTx) -> sqlx::Result<Vec<(TenantId, String)>> {
    let rows = sqlx::query!(
        r#"select tenant_id as "tenant: TenantId", sum(cardinality(positions)) || ' events' as "what!" from souk.outbox
           where created_at < now() - interval '5 minutes' group by tenant_id order by min(created_at) limit 10000"#
    );
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.tenant, row.what)).collect())
}

/// Takes the turn to count, until the transaction ends; false when another has it.
pub(super) async fn take_turn(tx: &mut ClusterTx) -> sqlx::Result<bool> {
    // Whoever counts is not idle, though this connection is.
    sqlx::query!("set local idle_in_transaction_session_timeout = '10min'").execute(tx.conn()).await?;
    let taken =
        sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('souk gauges', 0)) as "taken!""#);
    taken.fetch_one(tx.conn()).await
}
