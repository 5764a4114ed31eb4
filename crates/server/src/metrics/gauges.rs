//! Count what there is over all stores: one worker at a time, a few stores at a time.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use commerce::health::{self, Counts, Shared};
use futures::{StreamExt, stream};
use kernel::db::{ClusterDb, LandlordDb, TenantDb};
use kernel::metrics::{self as names, Metric};
use landlord::tenants;

/// Stores counted beside each other.
const BESIDE: usize = 4;
/// Counting may take one part in so many of a worker's time.
const SHARE: u32 = 5;
/// Figures older than this are another worker's business now.
const STALE: Duration = Duration::from_secs(300);

/// The last figures that this process counted, by cluster. Clones share them.
#[derive(Clone, Default)]
pub struct Gauges(Arc<RwLock<BTreeMap<String, Last>>>);

#[derive(Default)]
struct Last {
    counted: Option<(Instant, Figures)>,
    /// Not again before, so that many large stores cost no more than their share.
    rest_until: Option<Instant>,
}

#[derive(Clone, Default)]
struct Figures {
    counts: Counts,
    shared: Shared,
    stores: i64,
    unreadable: i64,
}

impl Gauges {
    /// Counts a cluster again, unless another worker is at it.
    pub async fn refresh(&self, landlord: &LandlordDb, id: &str, cluster: &ClusterDb) -> anyhow::Result<()> {
        if self.resting(id) {
            return Ok(());
        }
        let started = Instant::now();
        // Its lock keeps other workers away until it ends.
        let mut turn = cluster.begin().await?;
        if !health::my_turn(&mut turn).await? {
            return Ok(());
        }
        let figures = Figures { shared: health::shared(&mut turn).await?, ..count(landlord, id, cluster).await? };
        turn.commit().await?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let rest_until = Some(Instant::now() + started.elapsed() * SHARE);
        all.insert(id.to_owned(), Last { counted: Some((Instant::now(), figures)), rest_until });
        Ok(())
    }

    fn resting(&self, id: &str) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(id).and_then(|last| last.rest_until).is_some_and(|until| Instant::now() < until)
    }

    /// The figures in Prometheus' form, of all clusters that this process counted lately together; nothing when it
    /// counted none.
    pub fn text(&self) -> String {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = |last: &Last| {
            let (at, figures) = last.counted.as_ref()?;
            let age = STALE.max(last.rest_until.map_or(STALE, |until| until - *at));
            (at.elapsed() < age).then(|| figures.clone())
        };
        all.values().filter_map(fresh).reduce(Figures::add).map_or_else(String::new, |figures| write(&figures))
    }
}

impl Figures {
    fn add(mut self, other: Self) -> Self {
        self.counts.add(other.counts);
        self.shared.add(other.shared);
        self.stores += other.stores;
        self.unreadable += other.unreadable;
        self
    }
}

async fn count(landlord: &LandlordDb, id: &str, cluster: &ClusterDb) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    let mut after = None;
    loop {
        let mut tx = landlord.begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { return Ok(figures) };
        after = Some(last.id);
        let ready = rows.into_iter().filter(|row| row.state.has_schema() && row.cluster == id);
        let ready: Vec<TenantDb> = ready.map(|row| cluster.tenant(row.id)).collect();
        let counting = stream::iter(ready).map(|store| async move { health::count(&store).await });
        let mut counted = counting.buffer_unordered(BESIDE);
        while let Some(counted) = counted.next().await {
            figures.stores += 1;
            match counted {
                Ok(counts) => figures.counts.add(counts),
                Err(error) => {
                    tracing::warn!(%error, "a store could not be counted");
                    figures.unreadable += 1;
                }
            }
        }
    }
}

/// One metric's lines.
struct Lines<'a>(&'a mut String, &'a Metric);

impl<'a> Lines<'a> {
    fn of(text: &'a mut String, metric: &'a Metric) -> Self {
        let _ = writeln!(text, "# HELP {} {}\n# TYPE {} gauge", metric.name, metric.help, metric.name);
        Self(text, metric)
    }

    fn line(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        // Values of labels are words of ours: nothing in them needs to be escaped.
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{}{labels} {value}", self.1.name);
    }
}

fn write(figures: &Figures) -> String {
    let Figures { counts, shared, stores, unreadable } = figures;
    let mut text = String::new();
    let mut by_status = |metric: &Metric, of: &dyn Fn(&str) -> i64| {
        let mut lines = Lines::of(&mut text, metric);
        if let Some((label, values)) = metric.label {
            for value in values {
                lines.line(&[(label, value)], of(value));
            }
        }
    };
    by_status(&names::ORDERS_BY_STATUS, &|status| counts.orders.get(status).copied().unwrap_or_default());
    by_status(&names::PAYMENT_INTENTS_BY_STATUS, &|status| counts.payments.get(status).copied().unwrap_or_default());
    by_status(&names::REFUNDS_BY_STATUS, &|status| counts.refunds.get(status).copied().unwrap_or_default());
    let dead: i64 = shared.jobs.iter().filter(|jobs| jobs.state == "dead").map(|jobs| jobs.count).sum();
    let late = shared.jobs.iter().map(|jobs| jobs.late).fold(0.0, f64::max);
    for (metric, value) in [
        (&names::ORDERS_STUCK_PENDING, counts.orders_stuck),
        (&names::STOCK_AVAILABLE, counts.stock.available),
        (&names::STOCK_RESERVED, counts.stock.reserved),
        (&names::STOCK_LOW, counts.stock.low),
        (&names::STOCK_OUT, counts.stock.out),
        (&names::STOCK_INCONSISTENCIES, counts.stock.inconsistent),
        (&names::EVENTS_PENDING, shared.events),
        (&names::JOBS_DEAD, dead),
        (&names::STORES, *stores),
        (&names::STORES_UNREADABLE, *unreadable),
    ] {
        Lines::of(&mut text, metric).line(&[], value);
    }
    Lines::of(&mut text, &names::EVENT_LAG).line(&[], shared.events_late);
    Lines::of(&mut text, &names::JOBS_LATE).line(&[], late);
    let mut lines = Lines::of(&mut text, &names::JOBS);
    for jobs in &shared.jobs {
        lines.line(&[("queue", &jobs.queue), ("state", &jobs.state)], jobs.count);
    }
    text
}
