//! Tell how the fleet stands.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use landlord::fleet::{self, Counts, Failure, Run};
use serde::Serialize;

use super::Fleet;
use super::plan::Schema;
use crate::tenancy::set::Standing;

/// How the fleet stands.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The newest migration that this program has.
    pub version: i64,
    /// How many stores have which as their newest.
    pub versions: BTreeMap<i64, usize>,
    /// Stores that are up to date.
    pub current: usize,
    /// Stores that lack migrations; they trade on.
    pub behind: usize,
    /// The first stores that a newer program has added to, whose migrations are not these, or that have no schema.
    pub odd: Vec<String>,
    /// Each cluster.
    pub clusters: Vec<ClusterStatus>,
    /// The latest run.
    pub run: Option<RunStatus>,
}

/// How a cluster stands.
#[derive(Debug, Serialize)]
pub struct ClusterStatus {
    /// Its name.
    pub id: String,
    /// Why it could not be looked at.
    pub error: Option<String>,
    /// Stores in it.
    pub stores: usize,
    /// Schemas that wait for a store.
    pub spares: usize,
    /// Stores and spare schemas that lack migrations.
    pub behind: usize,
}

/// How a run fares.
#[derive(Debug, Serialize)]
pub struct RunStatus {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// How its stores stand.
    pub counts: Counts,
    /// Stores in a second, lately.
    pub per_second: Option<f64>,
    /// Seconds that it will still take at that rate.
    pub eta_seconds: Option<u64>,
    /// The first of those that could not be brought up to date.
    pub failures: Vec<Failure>,
}

/// Most that is named.
const NAMED: usize = 20;

impl Status {
    /// Is every store that could be looked at up to date, and could all be?
    pub fn is_good(&self) -> bool {
        self.behind == 0 && self.odd.is_empty() && self.clusters.iter().all(|cluster| cluster.error.is_none())
    }
}

impl Fleet {
    /// Looks at all clusters and at the latest run.
    pub async fn status(&self, now: DateTime<Utc>) -> anyhow::Result<Status> {
        let plan = self.plan().await?;
        let stores = || plan.schemas.iter().filter(|schema| !schema.spare);
        let mut versions = BTreeMap::new();
        for schema in stores() {
            *versions.entry(schema.progress.map_or(0, |progress| progress.version)).or_default() += 1;
        }
        let clusters = self.pools.cluster_ids().into_iter();
        let stray = plan.unreachable.iter().map(|(id, _)| id.clone());
        let mut ids: Vec<String> = clusters.chain(stray).collect();
        ids.sort();
        ids.dedup();
        let cluster = |id: String| {
            let there = || plan.schemas.iter().filter(|schema| schema.cluster == id);
            ClusterStatus {
                error: plan.unreachable.iter().find(|(known, _)| *known == id).map(|(_, why)| why.clone()),
                stores: there().filter(|schema| !schema.spare).count(),
                spares: there().filter(|schema| schema.spare).count(),
                behind: there().filter(|schema| schema.is_behind()).count(),
                id,
            }
        };
        Ok(Status {
            version: self.set.version(),
            current: stores().filter(|schema| standing(schema) == Some(Standing::Current)).count(),
            behind: stores().filter(|schema| standing(schema) == Some(Standing::Behind)).count(),
            odd: stores().filter_map(odd).take(NAMED).collect(),
            versions,
            clusters: ids.into_iter().map(cluster).collect(),
            run: self.run_status(now).await?,
        })
    }

    async fn run_status(&self, now: DateTime<Utc>) -> anyhow::Result<Option<RunStatus>> {
        let mut tx = self.pools.landlord().begin().await?;
        let Some(run) = fleet::last(&mut tx).await? else { return Ok(None) };
        let counts = fleet::counts(&mut tx, run.id).await?;
        let failures = fleet::failures(&mut tx, run.id, i64::try_from(NAMED)?).await?;
        tx.commit().await?;
        let age = (now - run.created_at).as_seconds_f64().clamp(1.0, 60.0);
        let lately = i32::try_from(counts.last_minute).map_or(0.0, f64::from) / age;
        let per_second = (run.finished_at.is_none() && lately > 0.0).then_some(lately);
        let eta = |rate: f64| {
            std::time::Duration::try_from_secs_f64(i32::try_from(counts.waiting).map_or(0.0, f64::from) / rate)
        };
        let eta_seconds = per_second.and_then(|rate| Some(eta(rate).ok()?.as_secs()));
        Ok(Some(RunStatus { run, counts, per_second, eta_seconds, failures }))
    }
}

fn standing(schema: &Schema) -> Option<Standing> {
    schema.progress.map(|progress| progress.standing)
}

fn odd(schema: &Schema) -> Option<String> {
    let why = match standing(schema) {
        Some(Standing::Current | Standing::Behind) => return None,
        Some(Standing::Ahead) => "a newer program has added to it",
        Some(Standing::Diverged) => "its migrations are not those of this program",
        None => "it has no schema",
    };
    Some(format!("{}: {why}", schema.name))
}
