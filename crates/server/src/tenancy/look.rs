//! Look at what a cluster holds for tenants: schemas, roles, migrations, tables.

use std::collections::{BTreeMap, BTreeSet};

use kernel::id::TenantId;
use sqlx::PgConnection;

use super::migrate::begin;
use super::pools::Cluster;
use super::set::{MigrationSet, Standing};
use super::survey::{survey, tenant};

/// A tenant's schema as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaSeen {
    /// How far it has got.
    pub standing: Standing,
    /// A digest of its tables, columns, constraints and indexes.
    pub structure: String,
}

/// What there is for tenants.
#[derive(Debug, Default)]
pub struct Seen {
    /// The schemas.
    pub schemas: BTreeMap<TenantId, SchemaSeen>,
    /// The roles that the application may take.
    pub roles: BTreeSet<TenantId>,
}

impl SchemaSeen {
    /// Has it every migration that this program has?
    pub fn is_migrated(&self) -> bool {
        match self.standing {
            Standing::Current | Standing::Ahead => true,
            Standing::Behind | Standing::Diverged => false,
        }
    }
}

impl Seen {
    /// The structure that most of the schemas have that are up to date.
    pub fn usual_structure(&self) -> Option<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for schema in self.schemas.values().filter(|schema| schema.standing == Standing::Current) {
            *counts.entry(&schema.structure).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(structure, _)| structure)
    }
}

/// Looks at all of it, through the connection that may see everything.
pub async fn look(cluster: &Cluster) -> anyhow::Result<Seen> {
    let progress = survey(cluster, &MigrationSet::tenant()).await?;
    let mut tx = begin(&cluster.admin).await?;
    let roles = roles(&mut tx, &cluster.app_login).await?;
    let structures = structures(&mut tx).await?;
    tx.rollback().await?;
    let seen = |(id, structure)| Some((id, SchemaSeen { standing: progress.get(&id)?.standing, structure }));
    Ok(Seen { schemas: structures.into_iter().filter_map(seen).collect(), roles })
}

async fn roles(tx: &mut PgConnection, app_login: &str) -> sqlx::Result<BTreeSet<TenantId>> {
    let names: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles
         where rolname ~ '^t_[0-9a-f]{32}$' and pg_has_role($1, oid, 'member')",
    )
    .bind(app_login)
    .fetch_all(tx)
    .await?;
    Ok(names.iter().filter_map(|name| tenant(name)).collect())
}

/// Columns with their types and rules, constraints, and indexes; the order in which columns were added says nothing.
async fn structures(tx: &mut PgConnection) -> sqlx::Result<Vec<(TenantId, String)>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select n.nspname::text, md5(coalesce(string_agg(p.part, '|' order by p.part), ''))
         from pg_namespace n
         left join lateral (
             select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
                    || a.attnotnull::text as part
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relnamespace = n.oid and c.relkind = 'r'
             union all
             select c.relname || ' ' || k.conname || ' ' || k.contype::text
             from pg_class c join pg_constraint k on k.conrelid = c.oid where c.relnamespace = n.oid
             union all
             select 'index ' || c.relname from pg_class c where c.relnamespace = n.oid and c.relkind = 'i'
         ) p on true
         where n.nspname ~ '^t_[0-9a-f]{32}$'
         group by n.nspname",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(|(name, structure)| Some((tenant(&name)?, structure))).collect())
}
