//! Keep everybody from writing to a store where it is, and take along what lies in the shared tables.

use std::time::Duration;

use kernel::id::TenantId;
use sqlx::{PgConnection, Postgres, Row, Transaction};

use super::{Places, copy};
use crate::tenancy::Cluster;
use crate::tenancy::migrate::{begin, execute, fetch_all};
use crate::tenancy::names::Name;
use crate::tenancy::provision::user;
use crate::tenancy::tables::Table;

/// What was begun before the right was taken away must end in this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes the right to write away from whoever acts for the store.
pub(super) async fn fence(cluster: &Cluster, schema: &Name) -> sqlx::Result<()> {
    let user = user(cluster, schema);
    let mut tx = begin(&cluster.admin).await?;
    execute(&mut tx, format!("revoke insert, update, delete on all tables in schema {schema} from {user}")).await?;
    tx.commit().await
}

/// Gives it back; nothing when the store is not there.
pub(super) async fn unfence(cluster: &Cluster, schema: &Name) -> sqlx::Result<()> {
    let mut tx = begin(&cluster.admin).await?;
    if exists(&mut tx, schema).await? {
        crate::tenancy::provision::grant(&mut tx, cluster, schema).await?;
    }
    tx.commit().await
}

/// Waits until everything that was begun before has ended, and keeps all tables, and the store's news, from changing
/// until the transaction ends.
pub(super) async fn lock(
    cluster: &Cluster,
    schema: &Name,
    tenant: TenantId,
    tables: &[Table],
) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut tx = begin(&cluster.admin).await?;
    execute(&mut tx, format!("set local lock_timeout = '{}ms'", PATIENCE.as_millis())).await?;
    let names: Vec<String> = tables.iter().map(|table| format!("{schema}.{}", table.name)).collect();
    execute(&mut tx, format!("lock table {} in share mode", names.join(", "))).await?;
    // The lock that a relay takes before it hands news on.
    let relay = format!("select pg_advisory_xact_lock(hashtextextended('souk outbox ' || '{tenant}', 0))");
    execute(&mut tx, relay).await?;
    execute(&mut tx, "set local lock_timeout = 0".to_owned()).await?;
    Ok(tx)
}

/// The next number of every sequence there is what it would be here.
pub(super) async fn sequences(places: Places<'_>, schema: &Name) -> anyhow::Result<()> {
    let mut here = begin(&places.from.admin).await?;
    let mut there = begin(&places.to.admin).await?;
    let list = format!(
        "select quote_ident(relname) as name from pg_class
         where relnamespace = '{schema}'::regnamespace and relkind = 'S' order by relname"
    );
    for row in fetch_all(&mut here, list).await? {
        let name: String = row.try_get("name")?;
        for row in fetch_all(&mut here, format!("select last_value, is_called from {schema}.{name}")).await? {
            let (value, called): (i64, bool) = (row.try_get("last_value")?, row.try_get("is_called")?);
            execute(&mut there, format!("select setval('{schema}.{name}', {value}, {called})")).await?;
        }
    }
    there.commit().await?;
    Ok(())
}

/// The store's jobs and news are there too. What an earlier attempt took along is replaced.
pub(super) async fn take_along(places: Places<'_>, tenant: TenantId, here: &mut PgConnection) -> anyhow::Result<()> {
    forget(places.to, tenant).await?;
    let jobs = "tenant_id, queue, kind, subject, priority, run_at, attempts, lease, last_error, dead_at, request_id, created_at";
    let news = "tenant_id, positions, created_at";
    for (table, columns) in [("souk.jobs", jobs), ("souk.outbox", news)] {
        let from = format!("select {columns} from {table} where tenant_id = '{tenant}' order by id");
        copy::stream(here, &from, &places.to.admin, &format!("{table} ({columns})")).await?;
    }
    Ok(())
}

/// Removes the store's jobs and news from the shared tables of a cluster.
pub(super) async fn forget(cluster: &Cluster, tenant: TenantId) -> sqlx::Result<()> {
    let mut tx = begin(&cluster.admin).await?;
    for table in ["souk.jobs", "souk.outbox"] {
        execute(&mut tx, format!("delete from {table} where tenant_id = '{tenant}'")).await?;
    }
    tx.commit().await
}

pub(super) async fn exists(tx: &mut PgConnection, schema: &Name) -> sqlx::Result<bool> {
    let query = format!("select 1 from pg_namespace where nspname = '{schema}'");
    Ok(!fetch_all(tx, query).await?.is_empty())
}
