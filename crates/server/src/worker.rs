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
use kernel::db::ClusterDb;
use kernel::id::TenantId;
use kernel::metrics;
use kernel::origin::{Actor, Origin};
use landlord::{Landlord, accounts, mails, tenants};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use cron::Schedules;

use crate::metrics::Gauges;
use crate::tenancy::{Pools, Stores, refill};

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
    /// When what is done by the clock is due.
    pub schedules: Schedules,
    /// Days for which sent letters are kept.
    pub keep_mail_days: u32,
    /// Works for these tenants alone; `None`: for all.
    pub only: Option<Arc<[TenantId]>>,
}

impl Worker {
    /// Works until told to stop; what is being done then is done to its end.
    pub async fn run(self, stop: CancellationToken) {
        if let Err(error) = self.schedule().await {
            tracing::warn!(error = format!("{error:#}"), "the schedules could not be written; the old ones hold");
        }
        let clock =
            self.clone().repeat(Duration::from_secs(1), stop.clone(), async |worker| worker.cron().await.map(drop));
        let platform =
            self.clone().repeat(Duration::from_secs(1), stop.clone(), async |worker| worker.platform().await);
        let jobs = self.clone().repeat(IDLE, stop.clone(), async |worker| worker.jobs().await.map(drop));
        let mails = self.clone().repeat(IDLE, stop.clone(), async |worker| worker.mails().await.map(drop));
        let gauges = self.clone().repeat(GAUGES, stop.clone(), async |worker| {
            worker.gauges.refresh(&worker.landlord.db, &worker.cluster()).await
        });
        let news = self.clone().repeat(IDLE, stop, async |worker| worker.news().await.map(drop));
        tokio::join!(clock, platform, jobs, mails, gauges, news);
    }

    async fn repeat(self, every: Duration, stop: CancellationToken, act: impl AsyncFn(&Self) -> anyhow::Result<()>) {
        while !stop.is_cancelled() {
            if let Err(error) = act(&self).await {
                tracing::warn!(error = format!("{error:#}"), "the worker failed, and goes on");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    fn cluster(&self) -> ClusterDb {
        self.pools.cluster()
    }

    fn mine(&self, tenant: TenantId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&tenant))
    }

    /// Does all jobs that are due. Returns how many.
    pub async fn jobs(&self) -> anyhow::Result<usize> {
        let mut count = 0;
        loop {
            let due = jobs::claim(&self.cluster(), JOBS, self.only.as_deref()).await?;
            if due.is_empty() {
                return Ok(count);
            }
            count += due.len();
            futures::stream::iter(due).for_each_concurrent(BESIDE, |job| self.job(job)).await;
        }
    }

    /// Sends the letters that are due. Returns how many were tried.
    pub async fn mails(&self) -> anyhow::Result<usize> {
        Ok(mails::send_due(&self.landlord, None).await?)
    }

    /// One job, to the end of its lease. What goes wrong while noting the outcome leaves the lease to end by itself.
    async fn job(&self, job: Job) {
        let noted = match self.perform(&job).await {
            Ok(Done::Finished) => {
                metrics::job_done("finished");
                jobs::finish(&self.cluster(), &job).await
            }
            Ok(Done::Again(delay)) => {
                metrics::job_done("again");
                jobs::later(&self.cluster(), &job, delay).await
            }
            Err(error) => {
                metrics::job_done("failed");
                jobs::fail(&self.cluster(), &job, &error).await
            }
        };
        match noted {
            Ok(true) => {}
            Ok(false) => tracing::warn!(kind = job.kind, tenant = %job.tenant, "somebody else has the job now"),
            Err(error) => tracing::warn!(kind = job.kind, tenant = %job.tenant, %error, "job done, but not noted"),
        }
    }

    async fn perform(&self, job: &Job) -> Result<Done, String> {
        let origin = Origin::of_request(Actor::System, job.request_id.clone()).caused_by(format!("job:{}", job.id));
        let Some(store) = self.stores.of(job.tenant).await.map_err(|error| error.to_string())? else {
            return Ok(Done::Finished);
        };
        let shop = self.stores.open(&store, origin);
        let span = tracing::info_span!("job", request_id = job.request_id, job_id = job.id, kind = job.kind, tenant = %shop.slug);
        work::perform(&shop, job).instrument(span).await.map_err(work::explain)
    }

    /// Hands on the news of all stores. Returns how many. One store's trouble is not another's.
    pub async fn news(&self) -> anyhow::Result<usize> {
        let (mut count, mut after) = (0, None);
        loop {
            let stores = outbox::stores_with_news(&self.cluster(), after, NEWS).await?;
            let Some(last) = stores.last() else { return Ok(count) };
            after = Some(*last);
            let mine = stores.into_iter().filter(|tenant| self.mine(*tenant));
            let told = futures::stream::iter(mine).map(async |tenant| match self.news_of(tenant).await {
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
        let Some(store) = self.stores.of(tenant).await? else { return Ok(0) };
        let shop = self.stores.open(&store, Origin::system());
        match outbox::take(&self.cluster(), tenant, async |news| work::deliver(&shop, news).await).await {
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
        self.sweep_under(None).await
    }

    async fn sweep_under(&self, turn: Option<&Turn>) -> anyhow::Result<()> {
        let mut tx = self.pools.landlord().begin().await?;
        accounts::sweep(&mut tx).await?;
        landlord::idempotency::sweep(&mut tx).await?;
        mails::sweep(&mut tx, self.keep_mail_days).await?;
        tx.commit().await?;
        let mut after = None;
        while let Some((last, stores)) = self.stores_after(after).await? {
            after = Some(last);
            for tenant in stores {
                if let Some(store) = self.stores.of(tenant).await? {
                    let shop = self.stores.open(&store, Origin::system());
                    checkout::expire_due(&shop, 1000).await.map_err(|error| anyhow::anyhow!(work::explain(error)))?;
                    checkout::raise_undecided(&shop).await.map_err(|error| anyhow::anyhow!(work::explain(error)))?;
                    idempotency::forget_expired(&shop).await?;
                }
            }
            if let Some(turn) = turn {
                anyhow::ensure!(go_on(&self.cluster(), turn).await?, "another node took the sweep over");
            }
        }
        Ok(())
    }

    /// Finishes sign-ups that nobody came back for, and keeps schemas ready.
    pub async fn platform(&self) -> anyhow::Result<()> {
        for tenant in tenants::unfinished(&self.landlord, ABANDONED).await? {
            if self.mine(tenant.id) {
                let id = tenant.id;
                (self.landlord.provision)(tenant).await.map_err(|problem| anyhow::anyhow!(problem.detail))?;
                tenants::activate(&self.landlord, id).await?;
                tracing::info!(tenant = %id, "a sign-up that was cut short is finished");
            }
        }
        let made = refill(&self.pools, &self.landlord.settings.cluster, self.spare_schemas, self.parallel).await?;
        if made > 0 {
            tracing::debug!(made, "schemas made ready");
        }
        Ok(())
    }
}
