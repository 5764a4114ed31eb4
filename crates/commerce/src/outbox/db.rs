//! The SQL of the outbox.

use kernel::db::{ClusterTx, TenantTx};
use kernel::id::TenantId;
use uuid::Uuid;

/// Events that were told together and have not been handed on.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Row of the outbox.
    pub(super) id: i64,
    /// Places in the store's event store, ascending.
    pub(super) positions: Vec<i64>,
}

/// Adds a row for events just written; their positions ascend.
pub(crate) async fn post(tx: &mut TenantTx, tenant: TenantId, positions: &[i64]) -> sqlx::Result<()> {
    sqlx::query!("insert into souk.outbox (tenant_id, positions) values ($1, $2)", tenant.0, positions)
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

/// The oldest news of a store whose transactions have all ended. Whoever tells of an aggregate holds its lock, so all
/// positions told later are higher, and the order of the first ones is that of each aggregate's events.
pub(super) async fn settled(tx: &mut ClusterTx, tenant: TenantId, limit: i64) -> sqlx::Result<Vec<Told>> {
    let rows = sqlx::query_as!(
        Told,
        "select id, positions from souk.outbox
         where tenant_id = $1 and xid < pg_snapshot_xmin(pg_current_snapshot())
         order by positions[1] limit $2",
        tenant.0,
        limit
    );
    rows.fetch_all(tx.conn()).await
}

pub(super) async fn delete(tx: &mut ClusterTx, ids: &[i64]) -> sqlx::Result<()> {
    sqlx::query!("delete from souk.outbox where id = any($1)", ids).execute(tx.conn()).await?;
    Ok(())
}
