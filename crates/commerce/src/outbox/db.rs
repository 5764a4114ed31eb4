//! The SQL of the outbox.

use kernel::db::{ClusterTx, TenantTx};
use kernel::id::TenantId;
use uuid::Uuid;

/// An event that has not been handed on.
#[derive(Debug, Clone)]
pub struct News {
    /// Row of the outbox.
    pub id: i64,
    /// Place in the store's event store.
    pub position: i64,
    /// What it is about.
    pub aggregate_id: Uuid,
    /// Such as `order.created`.
    pub event_type: String,
}

/// Adds rows for events just written.
pub(crate) async fn post(
    tx: &mut TenantTx,
    tenant: TenantId,
    positions: &[i64],
    aggregates: &[Uuid],
    types: &[String],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into souk.outbox (tenant_id, position, aggregate_id, event_type)
         select $1, u.position, u.aggregate_id, u.event_type
         from unnest($2::bigint[], $3::uuid[], $4::text[]) as u (position, aggregate_id, event_type)",
        tenant.0,
        positions,
        aggregates,
        types,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn stores(tx: &mut ClusterTx, limit: i64) -> sqlx::Result<Vec<TenantId>> {
    let rows = sqlx::query_scalar!(
        r#"select tenant_id as "tenant_id: TenantId" from souk.outbox group by tenant_id order by min(id) limit $1"#,
        limit
    );
    rows.fetch_all(tx.conn()).await
}

/// Locks the store's outbox against other relays until the transaction ends.
pub(super) async fn lock(tx: &mut ClusterTx, tenant: TenantId) -> sqlx::Result<bool> {
    let locked = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('souk outbox ' || $1::text, 0)) as "locked!""#,
        tenant.to_string()
    );
    locked.fetch_one(tx.conn()).await
}

/// The oldest news of a store whose transactions have all ended.
pub(super) async fn settled(tx: &mut ClusterTx, tenant: TenantId, limit: i64) -> sqlx::Result<Vec<News>> {
    let rows = sqlx::query_as!(
        News,
        "select id, position, aggregate_id, event_type from souk.outbox
         where tenant_id = $1 and xid < pg_snapshot_xmin(pg_current_snapshot())
         order by position limit $2",
        tenant.0,
        limit
    );
    rows.fetch_all(tx.conn()).await
}

pub(super) async fn delete(tx: &mut ClusterTx, ids: &[i64]) -> sqlx::Result<()> {
    sqlx::query!("delete from souk.outbox where id = any($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
