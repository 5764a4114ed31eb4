//! The worker: jobs that are due, events on their way, what the clock says, stores half made, schemas to spare.
//!
//! Several workers may run beside each other, and a worker may die at any point: jobs are leased, the outbox is locked
//! store by store, and every act may be repeated.

mod cron;

use std::sync::Arc;
use std::time::Duration;

use commerce::jobs::cron::{Turn, go_on};
use commerce::jobs::{self, Job};
use commerce::work::{self, Done};
use commerce::{checkout, idempotency, outbox};
use futures::StreamExt;
use futures::future::join_all;
use kernel::id::TenantId;
use kernel::metrics;
use kernel::origin::{Actor, Origin};
use landlord::billing::{self, Worked};
use landlord::{Landlord, accounts, clusters, mails, tenants};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use cron::Schedules;

use crate::config::Database;
use crate::metrics::Gauges;
use crate::tenancy::{self, Cluster, Pools, Stores, refill};

/// Most jobs taken at once, and most done beside each other.
const JOBS: i64 = 32;
const BESIDE: usize = 8;
/// Stores whose news are looked for at once, and most handed on beside each other: each holds two connections.
const NEWS: i64 = 1000;
const RELAYS: usize = 2;
/// How long an idle worker waits before it looks again.
const IDLE: Duration = Duration::from_millis(250);
/// How often all stores are counted for the gauges.
const GAUGES: Duration = Duration::from_secs(30);
/// A job whose store cannot be written at the moment waits so long.
const WAIT: Duration = Duration::from_secs(2);
/// A sign-up that nobody finished in this time is finished by the worker.
const ABANDONED: Duration = Duration::from_secs(30);

/// Does what nobody waits for.
#[derive(Clone)]
pub struct Worker {
    /// The stores.
    pub stores: Stores,
    /// The platform.
    pub landlord: Landlord,
    /// The ways to the databases.
    pub pools: Pools,
    /// What is counted over all stores.
    pub gauges: Gauges,
    /// Schemas to have ready.
    pub spare_schemas: u32,
    /// Schemas made beside each other.
    pub parallel: usize,
    /// For how many days what moved stores leave behind is kept.
    pub keep_moved_days: u32,
    /// How long the application's statements may take in a cluster that was away when the process started.
    pub database: Database,
    /// When what is done by the clock is due.
    pub schedules: Schedules,
    /// Days for which sent letters are kept.
    pub keep_mail_days: u32,
    /// Works for these tenants alone; `None`: for all.
    pub only: Option<Arc<[TenantId]>>,
}

/// A worker at one of the clusters.
#[derive(Clone)]
struct At {
    worker: Worker,
    cluster: Cluster,
}

impl At {
    async fn run(self, stop: CancellationToken) {
        let (often, one, five) = (IDLE, Duration::from_secs(1), Duration::from_secs(5));
        let seen = repeat(self.clone(), five, stop.clone(), async |at: &At| at.worker.see(&at.cluster).await);
        let clock =
            repeat(self.clone(), one, stop.clone(), async |at: &At| at.worker.cron_in(&at.cluster).await.map(drop));
        let platform =
            repeat(self.clone(), one, stop.clone(), async |at: &At| at.worker.platform_in(&at.cluster).await);
        let jobs =
            repeat(self.clone(), often, stop.clone(), async |at: &At| at.worker.jobs_in(&at.cluster).await.map(drop));
        let gauges = repeat(self.clone(), GAUGES, stop.clone(), async |at: &At| {
            at.worker.gauges.refresh(&at.worker.landlord.db, &at.cluster.id, &at.cluster.db()).await
        });
        let news = repeat(self, often, stop, async |at: &At| at.worker.news_in(&at.cluster).await.map(drop));
        tokio::join!(seen, clock, platform, jobs, gauges, news);
    }
}

/// Does something again and again until told to stop; what goes wrong is logged.
async fn repeat<T>(on: T, every: Duration, stop: CancellationToken, act: impl AsyncFn(&T) -> anyhow::Result<()>) {
    while !stop.is_cancelled() {
        if let Err(error) = act(&on).await {
            tracing::warn!(error = format!("{error:#}"), "the worker failed, and goes on");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

impl Worker {
    /// Works until told to stop; what is being done then is done to its end. A cluster that is away keeps no other
    /// waiting: each has loops of its own.
    pub async fn run(self, stop: CancellationToken) {
        if let Err(error) = self.schedule().await {
            tracing::warn!(error = format!("{error:#}"), "the schedules could not be written; the old ones hold");
        }
        let mut each = Vec::new();
        for cluster in self.pools.clusters() {
            each.push(At { worker: self.clone(), cluster: cluster.clone() }.run(stop.clone()));
        }
        let mails = repeat(self.clone(), IDLE, stop.clone(), async |worker: &Self| worker.mails().await.map(drop));
        let second = Duration::from_secs(1);
        let billing =
            repeat(self.clone(), second, stop.clone(), async |worker: &Self| worker.billing().await.map(drop));
        let moves = repeat(self, second, stop, async |worker: &Self| worker.moves().await);
        tokio::join!(join_all(each), mails, billing, moves);
    }

    /// Looks whether a cluster answers, lets the landlord know, and brings it up to date when it was away before.
    async fn see(&self, cluster: &Cluster) -> anyhow::Result<()> {
        let answers = match cluster.db().begin().await {
            Ok(tx) => tx.commit().await.is_ok(),
            Err(_) => false,
        };
        let mut tx = self.pools.landlord().begin().await?;
        let is_news = clusters::seen(&mut tx, &cluster.id, answers).await?;
        tx.commit().await?;
        match (is_news, answers) {
            (true, true) => tracing::info!(cluster = %cluster.id, "the cluster answers again"),
            (true, false) => tracing::error!(cluster = %cluster.id, "the cluster does not answer"),
            (false, _) => {}
        }
        if answers && !cluster.is_prepared() {
            tenancy::migrate_cluster(cluster, &self.database).await?;
            self.schedule_in(cluster).await?;
        }
        Ok(())
    }

    /// Puts right moves that nobody is at any more, and drops what moves have left behind and kept long enough.
    pub async fn moves(&self) -> anyhow::Result<()> {
        tenancy::tend_moves(&self.pools, self.keep_moved_days).await
    }

    fn mine(&self, tenant: TenantId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&tenant))
    }

    /// Does all jobs that are due, in all clusters. Returns how many.
    pub async fn jobs(&self) -> anyhow::Result<usize> {
        let mut count = 0;
        for cluster in self.pools.clusters() {
            count += self.jobs_in(cluster).await?;
        }
        Ok(count)
    }

    async fn jobs_in(&self, cluster: &Cluster) -> anyhow::Result<usize> {
        let mut count = 0;
        loop {
            let due = jobs::claim(&cluster.db(), JOBS, self.only.as_deref()).await?;
            if due.is_empty() {
                return Ok(count);
            }
            count += due.len();
            futures::stream::iter(due).for_each_concurrent(BESIDE, |job| self.job(cluster, job)).await;
        }
    }

    /// Sends the letters that are due. Returns how many were tried.
    pub async fn mails(&self) -> anyhow::Result<usize> {
        Ok(mails::send_due(&self.landlord, None).await?)
    }

    /// Does what is due of the platform's own billing.
    pub async fn billing(&self) -> anyhow::Result<Worked> {
        Ok(billing::work(&self.landlord, self.only.as_deref()).await?)
    }

    /// One job, to the end of its lease. What goes wrong while noting the outcome leaves the lease to end by itself.
    async fn job(&self, cluster: &Cluster, job: Job) {
        let here = cluster.db();
        let noted = match self.perform(cluster, &job).await {
            Ok(Done::Finished) => {
                metrics::job_done("finished");
                jobs::finish(&here, &job).await
            }
            Ok(Done::Again(delay)) => {
                metrics::job_done("again");
                jobs::later(&here, &job, delay).await
            }
            Err(error) => {
                metrics::job_done("failed");
                jobs::fail(&here, &job, &error).await
            }
        };
        match noted {
            Ok(true) => {}
            Ok(false) => tracing::warn!(kind = job.kind, tenant = %job.tenant, "somebody else has the job now"),
            Err(error) => tracing::warn!(kind = job.kind, tenant = %job.tenant, %error, "job done, but not noted"),
        }
    }

    async fn perform(&self, cluster: &Cluster, job: &Job) -> Result<Done, String> {
        let origin = Origin::of_request(Actor::System, job.request_id.clone()).caused_by(format!("job:{}", job.id));
        let Some(store) = self.stores.of(job.tenant).await.map_err(|error| error.to_string())? else {
            return Ok(Done::Finished);
        };
        if store.is_moving() || store.is_outdated() {
            return Ok(Done::Again(WAIT));
        }
        if *store.resolved.cluster != *cluster.id {
            let home = self.pools.reach(&store.resolved.cluster).map_err(|error| error.to_string())?;
            jobs::carry(&home.db(), job).await.map_err(|error| error.to_string())?;
            return Ok(Done::Finished);
        }
        let shop = self.stores.open(&store, origin);
        let span = tracing::info_span!("job", request_id = job.request_id, job_id = job.id, kind = job.kind, tenant = %shop.slug);
        work::perform(&shop, job).instrument(span).await.map_err(work::explain)
    }

    /// Hands on the news of all stores. Returns how many.
    pub async fn news(&self) -> anyhow::Result<usize> {
        let mut count = 0;
        for cluster in self.pools.clusters() {
            count += self.news_in(cluster).await?;
        }
        Ok(count)
    }

    /// One store's trouble is not another's.
    async fn news_in(&self, cluster: &Cluster) -> anyhow::Result<usize> {
        let (mut count, mut after) = (0, None);
        loop {
            let stores = outbox::stores_with_news(&cluster.db(), after, NEWS).await?;
            let Some(last) = stores.last() else { return Ok(count) };
            after = Some(*last);
            let mine = stores.into_iter().filter(|tenant| self.mine(*tenant));
            let told = futures::stream::iter(mine).map(async |tenant| match self.news_from(Some(cluster), tenant).await {
                Ok(told) => told,
                Err(error) => {
                    tracing::warn!(%tenant, error = format!("{error:#}"), "news could not be handed on, again soon");
                    0
                }
            });
            count += told.buffer_unordered(RELAYS).fold(0, async |sum, told| sum + told).await;
        }
    }

    /// Hands on the oldest news of one store. Returns how many.
    pub async fn news_of(&self, tenant: TenantId) -> anyhow::Result<usize> {
        self.news_from(None, tenant).await
    }

    /// What lies in a cluster where the store does not live is for the move that is under way to take along.
    async fn news_from(&self, found: Option<&Cluster>, tenant: TenantId) -> anyhow::Result<usize> {
        let Some(store) = self.stores.of(tenant).await? else { return Ok(0) };
        let elsewhere = found.is_some_and(|found| *found.id != *store.resolved.cluster);
        if elsewhere || store.is_moving() || store.is_outdated() {
            return Ok(0);
        }
        let cluster = self.pools.reach(&store.resolved.cluster)?.db();
        let shop = self.stores.open(&store, Origin::system());
        match outbox::take(&cluster, tenant, async |positions| work::deliver(&shop, &positions).await).await {
            Ok(count) => {
                metrics::events_processed(count);
                Ok(count)
            }
            Err(error) => {
                metrics::events_failed();
                Err(error.into())
            }
        }
    }

    /// Forgets what has expired, and looks in every store for what fell through the net: checkouts whose job was lost,
    /// answers that have expired.
    pub async fn sweep(&self) -> anyhow::Result<()> {
        for cluster in self.pools.clusters() {
            self.sweep_in(cluster, None).await?;
        }
        Ok(())
    }

    async fn sweep_in(&self, cluster: &Cluster, turn: Option<&Turn>) -> anyhow::Result<()> {
        let mut tx = self.pools.landlord().begin().await?;
        accounts::sweep(&mut tx).await?;
        landlord::idempotency::sweep(&mut tx).await?;
        mails::sweep(&mut tx, self.keep_mail_days).await?;
        tx.commit().await?;
        let mut after = None;
        while let Some((last, stores)) = self.stores_after(cluster, after).await? {
            after = Some(last);
            for tenant in stores {
                if let Some(store) = self.stores.of(tenant).await?.filter(|store| !store.is_moving()) {
                    let shop = self.stores.open(&store, Origin::system());
                    checkout::expire_due(&shop, 1000).await.map_err(|error| anyhow::anyhow!(work::explain(error)))?;
                    checkout::raise_undecided(&shop).await.map_err(|error| anyhow::anyhow!(work::explain(error)))?;
                    idempotency::forget_expired(&shop).await?;
                }
            }
            if let Some(turn) = turn {
                anyhow::ensure!(go_on(&cluster.db(), turn).await?, "another node took the sweep over");
            }
        }
        Ok(())
    }

    /// Finishes sign-ups that nobody came back for, and keeps schemas ready, in all clusters.
    pub async fn platform(&self) -> anyhow::Result<()> {
        for cluster in self.pools.clusters() {
            self.platform_in(cluster).await?;
        }
        Ok(())
    }

    async fn platform_in(&self, cluster: &Cluster) -> anyhow::Result<()> {
        for tenant in tenants::unfinished(&self.landlord, &cluster.id, ABANDONED).await? {
            if self.mine(tenant.id) {
                let id = tenant.id;
                (self.landlord.provision)(tenant).await.map_err(|problem| anyhow::anyhow!(problem.detail))?;
                tenants::activate(&self.landlord, id).await?;
                tracing::info!(tenant = %id, "a sign-up that was cut short is finished");
            }
        }
        let made = refill(&self.pools, &cluster.id, self.spare_schemas, self.parallel).await?;
        if made > 0 {
            tracing::debug!(cluster = %cluster.id, made, "schemas made ready");
        }
        Ok(())
    }
}
