//! The SQL of clusters.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use serde::Serialize;

use super::Declared;

/// A database that holds stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// Its name in the settings.
    pub id: String,
    /// Its part of the stores.
    pub weight: i32,
    /// The plans whose stores it takes; `None`: all.
    pub plans: Option<Vec<String>>,
    /// Since when it takes no new stores.
    pub draining_since: Option<DateTime<Utc>>,
    /// Since when it does not answer.
    pub down_since: Option<DateTime<Utc>>,
    /// Stores in it.
    pub stores: i64,
}

pub(super) async fn declare(tx: &mut LandlordTx, cluster: &Declared) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into clusters (id, weight, plans) values ($1, $2, $3)
         on conflict (id) do update set weight = excluded.weight, plans = excluded.plans
         where (clusters.weight, clusters.plans) is distinct from (excluded.weight, excluded.plans)",
        cluster.id,
        cluster.weight,
        cluster.plans.as_deref()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn list(tx: &mut LandlordTx) -> sqlx::Result<Vec<Cluster>> {
    sqlx::query_as!(
        Cluster,
        r#"select c.id, c.weight, c.plans, c.draining_since, c.down_since,
               (select count(*) from tenants t where t.cluster = c.id and t.state <> 'closed') as "stores!"
           from clusters c order by c.id"#
    )
    .fetch_all(tx.conn())
    .await
}

/// Those that take a store of this plan, by how willingly they do.
pub(super) async fn places(tx: &mut LandlordTx, plan: &str, known: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select id from clusters
         where draining_since is null and id = any($2) and (plans is null or $1 = any(plans))
         order by down_since is not null, plans is null, id",
        plan,
        known
    )
    .fetch_all(tx.conn())
    .await
}

/// The emptiest of those that take a store of this plan, those that are made for the plan before the others.
pub(super) async fn emptiest(tx: &mut LandlordTx, plan: &str, known: &[String]) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select c.id from clusters c
           where c.draining_since is null and c.id = any($2) and (c.plans is null or $1 = any(c.plans))
           order by c.down_since is not null, c.plans is null,
               (select count(*) from tenants t where t.cluster = c.id and t.state <> 'closed')::float8 / c.weight, c.id
           limit 1"#,
        plan,
        known
    )
    .fetch_optional(tx.conn())
    .await
}

/// False when there is no such cluster.
pub(super) async fn set_draining(tx: &mut LandlordTx, id: &str, draining: bool) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update clusters set draining_since = case when $2 then coalesce(draining_since, now()) end where id = $1",
        id,
        draining
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// True when that is news.
pub(super) async fn set_down(tx: &mut LandlordTx, id: &str, down: bool) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update clusters set down_since = case when $2 then now() end
         where id = $1 and (down_since is not null) <> $2",
        id,
        down
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
