//! Count what waits in the tables that all stores share.

use kernel::db::ClusterTx;
use kernel::id::TenantId;

use super::db;

/// Jobs of one queue in one state.
#[derive(Debug, Clone)]
pub struct Queued {
    /// Which queue.
    pub queue: String,
    /// `due`, `scheduled` or `dead`.
    pub state: String,
    /// How many.
    pub count: i64,
    /// For how many seconds the one that is due first has been.
    pub late: f64,
}

/// What waits.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// Events that are not handed on.
    pub events: i64,
    /// For how many seconds the oldest of them has waited.
    pub events_late: f64,
    /// The jobs.
    pub jobs: Vec<Queued>,
}

impl Shared {
    /// Adds what waits in another cluster.
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.events_late = self.events_late.max(other.events_late);
        for jobs in other.jobs {
            match self.jobs.iter_mut().find(|known| known.queue == jobs.queue && known.state == jobs.state) {
                Some(known) => {
                    known.count += jobs.count;
                    known.late = known.late.max(jobs.late);
                }
                None => self.jobs.push(jobs),
            }
        }
    }
}

/// Counts what waits.
pub async fn shared(tx: &mut ClusterTx) -> sqlx::Result<Shared> {
    let (events, events_late) = db::outbox(tx).await?;
    Ok(Shared { events, events_late, jobs: db::jobs(tx).await? })
}

/// Work that nobody does: whose, and what.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Jobs that were given up.
    pub dead: Vec<(TenantId, String)>,
    /// Jobs that have been due for ten minutes.
    pub overdue: Vec<(TenantId, String)>,
    /// Stores whose events have waited for five minutes.
    pub late_news: Vec<(TenantId, String)>,
}

impl Waiting {
    /// Adds what waits in another cluster.
    pub fn add(&mut self, other: Self) {
        self.dead.extend(other.dead);
        self.overdue.extend(other.overdue);
        self.late_news.extend(other.late_news);
    }
}

/// Looks for work that nobody does.
pub async fn waiting(tx: &mut ClusterTx) -> sqlx::Result<Waiting> {
    Ok(Waiting {
        dead: db::dead_jobs(tx).await?,
        overdue: db::overdue_jobs(tx).await?,
        late_news: db::late_news(tx).await?,
    })
}

/// Is it this worker's turn to count all stores? If so, it is until the transaction ends.
pub async fn my_turn(tx: &mut ClusterTx) -> sqlx::Result<bool> {
    db::take_turn(tx).await
}
