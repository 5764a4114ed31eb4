//! What the worker does by the clock: each task on one node at a time.

use std::time::Duration;

use commerce::jobs::Kind;
use commerce::jobs::cron::{self, Schedule, Turn};
use kernel::id::TenantId;
use landlord::tenants::{self, TenantState};

use super::Worker;
use crate::tenancy::Cluster;

/// Stores looked at in one go.
const PAGE: i64 = 500;
/// Upkeep of thousands of stores is not due at one moment.
const SPREAD: Duration = Duration::from_secs(120);

/// When each task is due.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// What fell through the net.
    pub sweep: Schedule,
    /// Reports that lag behind their feeds, and the carts of the day.
    pub reports: Schedule,
    /// What was kept long enough.
    pub retention: Schedule,
}

#[derive(Debug, Clone, Copy)]
enum Task {
    Sweep,
    Reports,
    Retention,
}

impl Task {
    const ALL: [Self; 3] = [Self::Sweep, Self::Reports, Self::Retention];

    fn name(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Reports => "reports",
            Self::Retention => "retention",
        }
    }

    fn schedule(self, schedules: &Schedules) -> &Schedule {
        match self {
            Self::Sweep => &schedules.sweep,
            Self::Reports => &schedules.reports,
            Self::Retention => &schedules.retention,
        }
    }
}

impl Worker {
    /// Makes the tasks and their schedules known, in all clusters that answer.
    pub async fn schedule(&self) -> anyhow::Result<()> {
        let mut done = Ok(());
        for cluster in self.pools.clusters() {
            done = done.and(self.schedule_in(cluster).await);
        }
        done
    }

    pub(super) async fn schedule_in(&self, cluster: &Cluster) -> anyhow::Result<()> {
        for task in Task::ALL {
            cron::schedule(&cluster.db(), task.name(), task.schedule(&self.schedules)).await?;
        }
        Ok(())
    }

    /// Does the tasks that are due and that no other node is at, in all clusters. Returns how many.
    pub async fn cron(&self) -> anyhow::Result<usize> {
        let mut count = 0;
        for cluster in self.pools.clusters() {
            count += self.cron_in(cluster).await?;
        }
        Ok(count)
    }

    pub(super) async fn cron_in(&self, cluster: &Cluster) -> anyhow::Result<usize> {
        let (mut count, here) = (0, cluster.db());
        for task in Task::ALL {
            let Some(turn) = cron::turn(&here, task.name()).await? else { continue };
            count += 1;
            let outcome = match task {
                Task::Sweep => self.sweep_in(cluster, Some(&turn)).await,
                Task::Reports => self.upkeep(cluster, &turn, Kind::CatchUpReports).await,
                Task::Retention => self.upkeep(cluster, &turn, Kind::Retain).await,
            };
            let error = outcome.as_ref().err().map(|error| format!("{error:#}"));
            let schedule = task.schedule(&self.schedules);
            if !cron::done(&here, &turn, schedule, error.as_deref()).await? {
                tracing::warn!(task = task.name(), "took longer than its lease; another node has it now");
            }
            outcome?;
        }
        Ok(count)
    }

    /// Puts a kind of upkeep off for every store of a cluster, some hundreds at a time.
    async fn upkeep(&self, cluster: &Cluster, turn: &Turn, kind: Kind) -> anyhow::Result<()> {
        let (mut after, mut seen, mut put_off) = (None, 0, 0);
        while let Some((last, stores)) = self.stores_after(cluster, after).await? {
            after = Some(last);
            seen += stores.len();
            put_off += cron_batch(cluster, kind, &stores).await?;
            if seen > stores.len() {
                tracing::info!(kind = kind.name(), stores = seen, put_off, "upkeep is being put off");
            }
            anyhow::ensure!(cron::go_on(&cluster.db(), turn).await?, "another node took the task over");
        }
        tracing::debug!(kind = kind.name(), stores = seen, put_off, "upkeep was put off");
        Ok(())
    }

    /// The next stores of a cluster that are in use, and the id to go on after; `None` at the end.
    pub(super) async fn stores_after(
        &self,
        cluster: &Cluster,
        after: Option<TenantId>,
    ) -> anyhow::Result<Option<(TenantId, Vec<TenantId>)>> {
        let mut tx = self.pools.landlord().begin().await?;
        let rows = tenants::list(&mut tx, after, PAGE).await?;
        tx.commit().await?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
        let there = rows.iter().filter(|row| *row.cluster == *cluster.id);
        let ready = there.filter(|row| row.state != TenantState::Provisioning && self.mine(row.id));
        Ok(Some((last, ready.map(|row| row.id).collect())))
    }
}

async fn cron_batch(cluster: &Cluster, kind: Kind, stores: &[TenantId]) -> anyhow::Result<u64> {
    let request_id = format!("cron {}", kind.name());
    Ok(cron::enqueue_upkeep(&cluster.db(), kind, stores, SPREAD, &request_id).await?)
}
