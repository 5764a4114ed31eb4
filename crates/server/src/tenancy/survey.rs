//! How far the schemas of a cluster have got: asked for hundreds of them at once, over one connection.

use std::collections::BTreeMap;

use kernel::id::TenantId;
use sqlx::Row;

use super::migrate::{begin, fetch_all};
use super::names::Name;
use super::pools::Cluster;
use super::set::{DIGEST, MigrationSet, Standing};

/// Schemas asked in one statement.
const TOGETHER: usize = 200;
/// A schema that is dropped meanwhile spoils the question.
const TRIES: usize = 3;

/// How far a schema has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The newest migration in it; 0 when it has none.
    pub version: i64,
    /// Compared with the migrations there are.
    pub standing: Standing,
}

/// Looks at all schemas of stores in a cluster.
pub async fn survey(cluster: &Cluster, set: &MigrationSet) -> sqlx::Result<BTreeMap<TenantId, Progress>> {
    let mut tried = 1;
    loop {
        match look(cluster, set).await {
            Err(sqlx::Error::Database(error))
                if tried < TRIES && matches!(error.code().as_deref(), Some("42P01" | "3F000")) =>
            {
                tried += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn look(cluster: &Cluster, set: &MigrationSet) -> sqlx::Result<BTreeMap<TenantId, Progress>> {
    let mut tx = begin(&cluster.admin).await?;
    let rows: Vec<(String, bool)> = sqlx::query_as(
        "select n.nspname::text, c.oid is not null
         from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relname = '_migrations'
         where n.nspname ~ '^t_[0-9a-f]{32}$'",
    )
    .persistent(false)
    .fetch_all(&mut *tx)
    .await?;
    tx.rollback().await?;
    let (mut found, mut migrated) = (BTreeMap::new(), Vec::new());
    for (name, has_migrations) in rows {
        let Some(id) = tenant(&name) else { continue };
        found.insert(id, Progress { version: 0, standing: Standing::Behind });
        if has_migrations {
            migrated.push(id);
        }
    }
    for some in migrated.chunks(TOGETHER) {
        let question = |(at, id): (usize, &TenantId)| {
            let schema = Name::tenant(*id);
            format!(
                "select {at} as at, coalesce(max(version), 0) as version, {DIGEST} as digest from {schema}._migrations"
            )
        };
        let questions: Vec<String> = some.iter().enumerate().map(question).collect();
        // Every table that is asked is locked until its transaction ends: not thousands in one.
        let mut tx = begin(&cluster.admin).await?;
        let rows = fetch_all(&mut tx, questions.join(" union all ")).await?;
        tx.rollback().await?;
        for row in rows {
            let at: i32 = row.try_get("at")?;
            let (version, digest): (i64, String) = (row.try_get("version")?, row.try_get("digest")?);
            let id = usize::try_from(at).ok().and_then(|at| some.get(at));
            if let Some(id) = id {
                found.insert(*id, Progress { version, standing: set.standing(version, &digest) });
            }
        }
    }
    Ok(found)
}

/// The tenant that a schema or role is named after.
pub(super) fn tenant(name: &str) -> Option<TenantId> {
    name.strip_prefix("t_")?.parse().ok()
}

/// So many of the smallest of these schemas, as the statistics have them.
pub(super) async fn smallest(cluster: &Cluster, among: &[TenantId], count: u32) -> sqlx::Result<Vec<(i64, TenantId)>> {
    let names: Vec<String> = among.iter().map(|id| Name::tenant(*id).to_string()).collect();
    let mut tx = begin(&cluster.admin).await?;
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select n.nspname::text, sum(c.relpages)::bigint
         from pg_namespace n join pg_class c on c.relnamespace = n.oid
         where n.nspname = any($1) group by 1 order by 2, 1 limit $2",
    )
    .bind(names)
    .bind(i64::from(count))
    .persistent(false)
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().filter_map(|(name, pages)| Some((pages, tenant(&name)?))).collect())
}
