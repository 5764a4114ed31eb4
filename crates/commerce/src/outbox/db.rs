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

/// Jumps from store to store in the index, so that it costs the same however much news each of them has.
pub(super) async fn stores(tx: &mut ClusterTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<TenantId>> {
    let rows = sqlx::query_scalar!(
        r#"with recursive store as (
               (select tenant_id from souk.outbox where tenant_id > $1 order by tenant_id limit 1)
               union all
               select (select o.tenant_id from souk.outbox as o
                       where o.tenant_id > s.tenant_id order by o.tenant_id limit 1)
               from store as s where s.tenant_id is not null
           )
           select tenant_id as "tenant_id!: TenantId" from store where tenant_id is not null limit $2"#,
        after,
        limit,
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
