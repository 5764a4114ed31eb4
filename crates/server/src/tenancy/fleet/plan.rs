//! Find out which schemas are behind, and which of them go first.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use kernel::id::TenantId;
use landlord::fleet::Planned;
use landlord::spares;
use landlord::tenants::{self, TenantRow};

use super::Fleet;
use crate::tenancy::Cluster;
use crate::tenancy::set::{MigrationSet, Standing};
use crate::tenancy::survey::{Progress, smallest, survey};

/// Tenants read at once.
const PAGE: i64 = 1000;

/// What there is, and what is to be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// All schemas that should be up to date.
    pub(super) schemas: Vec<Schema>,
    /// Clusters that could not be looked at, and why.
    pub(super) unreachable: Vec<(String, String)>,
}

/// A schema of a store, or one that waits for a store.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) id: TenantId,
    pub(super) name: String,
    pub(super) cluster: String,
    pub(super) spare: bool,
    /// `None`: there is none, where there should be one.
    pub(super) progress: Option<Progress>,
}

impl Schema {
    pub(super) fn is_behind(&self) -> bool {
        self.progress.is_none_or(|progress| match progress.standing {
            Standing::Current | Standing::Ahead => false,
            Standing::Behind | Standing::Diverged => true,
        })
    }
}

async fn look(cluster: Cluster, set: MigrationSet) -> (String, sqlx::Result<BTreeMap<TenantId, Progress>>) {
    (cluster.id.to_string(), survey(&cluster, &set).await)
}

impl Fleet {
    /// Looks at all clusters, and notes with the landlord what it finds.
    pub(super) async fn plan(&self) -> anyhow::Result<Plan> {
        let (stores, spares) = self.register().await?;
        let surveys: Vec<_> = self.pools.clusters().map(|one| look(one.clone(), self.set.clone())).collect();
        let mut plan = Plan::default();
        let mut found: BTreeMap<String, BTreeMap<TenantId, Progress>> = BTreeMap::new();
        for (cluster, outcome) in join_all(surveys).await {
            match outcome {
                Ok(schemas) => drop(found.insert(cluster, schemas)),
                Err(error) => plan.unreachable.push((cluster, error.to_string())),
            }
        }
        let named: BTreeSet<&str> = stores.iter().map(|row| row.cluster.as_str()).collect();
        for unknown in named.into_iter().filter(|id| self.pools.cluster(id).is_none()) {
            plan.unreachable.push((unknown.to_owned(), "the settings do not name it".to_owned()));
        }
        for row in stores {
            let Some(schemas) = found.get(&row.cluster) else { continue };
            let progress = schemas.get(&row.id).copied();
            plan.schemas.push(Schema { id: row.id, name: row.slug, cluster: row.cluster, spare: false, progress });
        }
        for spare in spares {
            let Some(schemas) = found.get(&spare.cluster) else { continue };
            // One that is gone is the doctor's business: no store is behind for it.
            let Some(progress) = schemas.get(&spare.id).copied() else { continue };
            let name = "(spare)".to_owned();
            plan.schemas.push(Schema {
                id: spare.id,
                name,
                cluster: spare.cluster,
                spare: true,
                progress: Some(progress),
            });
        }
        self.note(&plan).await?;
        Ok(plan)
    }

    async fn register(&self) -> sqlx::Result<(Vec<TenantRow>, Vec<spares::Spare>)> {
        let mut stores: Vec<TenantRow> = Vec::new();
        let mut after = None;
        loop {
            let mut tx = self.pools.landlord().begin().await?;
            let rows = tenants::list(&mut tx, after, PAGE).await?;
            let Some(last) = rows.last() else {
                let spares = spares::all(&mut tx).await?;
                tx.commit().await?;
                return Ok((stores, spares));
            };
            tx.commit().await?;
            after = Some(last.id);
            stores.extend(rows.into_iter().filter(|row| row.state.has_schema()));
        }
    }

    async fn note(&self, plan: &Plan) -> sqlx::Result<()> {
        let versions = |schema: &Schema| Some((schema.id, schema.progress?.version));
        let versions: Vec<(TenantId, i64)> =
            plan.schemas.iter().filter(|one| !one.spare).filter_map(versions).collect();
        let mut tx = self.pools.landlord().begin().await?;
        tenants::note_versions(&mut tx, &versions).await?;
        tx.commit().await
    }

    /// What the run has to do; with `canaries`, some of it first.
    pub(super) async fn planned(&self, plan: &Plan, canaries: bool) -> anyhow::Result<Vec<Planned>> {
        let behind: Vec<&Schema> = plan.schemas.iter().filter(|schema| schema.is_behind()).collect();
        let first = if canaries { self.canaries(&behind).await? } else { BTreeSet::new() };
        let planned = |schema: &&Schema| Planned {
            id: schema.id,
            name: schema.name.clone(),
            cluster: schema.cluster.clone(),
            spare: schema.spare,
            canary: first.contains(&schema.id),
            from_version: schema.progress.map_or(0, |progress| progress.version),
        };
        Ok(behind.iter().map(planned).collect())
    }

    async fn canaries(&self, behind: &[&Schema]) -> anyhow::Result<BTreeSet<TenantId>> {
        let stores = || behind.iter().filter(|schema| !schema.spare);
        if !self.settings.canaries.is_empty() {
            let named = stores().filter(|schema| self.settings.canaries.contains(&schema.name));
            return Ok(named.map(|schema| schema.id).collect());
        }
        let mut sizes = Vec::new();
        for cluster in self.pools.clusters() {
            let there: Vec<TenantId> =
                stores().filter(|schema| *schema.cluster == *cluster.id).map(|schema| schema.id).collect();
            if !there.is_empty() {
                sizes.extend(smallest(cluster, &there, self.settings.canary_count).await?);
            }
        }
        sizes.sort_unstable();
        Ok(sizes.into_iter().take(self.settings.canary_count as usize).map(|(_, id)| id).collect())
    }
}
