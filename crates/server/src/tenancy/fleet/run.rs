//! Open a run or take one up, and take it through its parts.

use std::time::Duration;

use anyhow::{Context, bail};
use futures::{StreamExt, stream};
use kernel::origin::Origin;
use landlord::fleet::{self, Counts, Run, RunState, Signal, Turn, Waiting};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::store::{Away, Became};
use super::{Fleet, News, Outcome, Wanted};

/// How often a process says that it is still at it, and hears whether to rest.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Stores read at once.
const PAGE: i64 = 500;
/// Failures that are told in the end.
const TOLD: i64 = 50;

/// Whatever happens while a run is under way.
pub(super) struct Course<'a> {
    pub(super) turn: Turn,
    pub(super) signal: watch::Receiver<Signal>,
    pub(super) stop: &'a CancellationToken,
    pub(super) away: Away,
}

impl Fleet {
    /// Brings all stores up to date, as far as they are not. When told to stop, the stores in work are finished; the
    /// same call goes on with the rest. `tell` hears what happens.
    pub async fn migrate(
        &self,
        wanted: Wanted,
        stop: &CancellationToken,
        mut tell: impl FnMut(News<'_>),
    ) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        let turn = match self.unfinished(wanted, stop, &mut tell).await? {
            Some(turn) => {
                tell(News::Begun { run: turn.run(), again: true, canaries: 0 });
                turn
            }
            None => {
                tell(News::Looking);
                let plan = self.plan().await?;
                outcome.looked_at = plan.schemas.len();
                let planned = self.planned(&plan, wanted.canaries).await?;
                outcome.unreachable = plan.unreachable;
                if planned.is_empty() {
                    return Ok(outcome);
                }
                let canaries = planned.iter().filter(|one| one.canary).count();
                let mut tx = self.pools.landlord().begin().await?;
                let run = fleet::open(&mut tx, &Origin::system(), self.set.version(), &planned).await?;
                let turn = fleet::take(&mut tx, run, &node()).await?.context("the run was lost as it began")?;
                tx.commit().await?;
                tell(News::Begun { run, again: false, canaries });
                turn
            }
        };
        let (state, counts) = self.go(turn, wanted, stop, &mut tell).await?;
        outcome.run = Some((turn.run(), state));
        outcome.counts = counts;
        outcome.interrupted = matches!(state, RunState::Canary | RunState::Rolling);
        let mut tx = self.pools.landlord().begin().await?;
        outcome.failures = fleet::failures(&mut tx, turn.run(), TOLD).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// The right to go on with the run that is open, if there is one for these migrations.
    async fn unfinished(
        &self,
        wanted: Wanted,
        stop: &CancellationToken,
        tell: &mut impl FnMut(News<'_>),
    ) -> anyhow::Result<Option<Turn>> {
        let mut told = false;
        loop {
            let mut tx = self.pools.landlord().begin().await?;
            let Some(run) = fleet::unfinished(&mut tx).await? else { return Ok(None) };
            if !run.held {
                if run.target_version != self.set.version() {
                    self.refuse_older(&run)?;
                    fleet::supersede(&mut tx, &run).await?;
                    tx.commit().await?;
                    continue;
                }
                if run.paused_at.is_some() {
                    bail!("run {} was paused; `souk fleet resume` lets it go on", run.id);
                }
                if let Some(turn) = fleet::take(&mut tx, run.id, &node()).await? {
                    tx.commit().await?;
                    return Ok(Some(turn));
                }
            }
            drop(tx);
            let at = run.node.as_deref().unwrap_or("another process");
            if !wanted.wait {
                bail!("run {} is under way ({at}); `souk fleet status` shows how far it is", run.id);
            }
            if !told {
                tell(News::Waiting(run.id));
                told = true;
            }
            tokio::select! {
                () = stop.cancelled() => bail!("told to stop while waiting for run {}", run.id),
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
        }
    }

    fn refuse_older(&self, run: &Run) -> anyhow::Result<()> {
        anyhow::ensure!(
            run.target_version < self.set.version(),
            "run {} goes to version {}, which this program does not know: use the newer program",
            run.id,
            run.target_version
        );
        Ok(())
    }

    async fn go(
        &self,
        turn: Turn,
        wanted: Wanted,
        stop: &CancellationToken,
        tell: &mut impl FnMut(News<'_>),
    ) -> anyhow::Result<(RunState, Counts)> {
        let (beat, signal) = watch::channel(Signal::Go);
        let heart = tokio::spawn(heartbeat(self.clone(), turn, beat));
        let course = Course { turn, signal, stop, away: Away::default() };
        let done = self.parts(&course, wanted.parallel, tell).await;
        heart.abort();
        let mut tx = self.pools.landlord().begin().await?;
        match &done {
            Ok(state) if !matches!(state, RunState::Canary | RunState::Rolling) => {
                fleet::finish(&mut tx, turn, *state).await?;
            }
            Ok(_) | Err(_) => fleet::release(&mut tx, turn).await?,
        }
        let counts = fleet::counts(&mut tx, turn.run()).await?;
        tx.commit().await?;
        Ok((done?, counts))
    }

    /// First the canaries, then the rest. The state in which it ends; one of those that are under way when it was
    /// interrupted.
    async fn parts(
        &self,
        course: &Course<'_>,
        parallel: usize,
        tell: &mut impl FnMut(News<'_>),
    ) -> anyhow::Result<RunState> {
        let run = course.turn.run();
        let mut tx = self.pools.landlord().begin().await?;
        let mut counts = fleet::counts(&mut tx, run).await?;
        let first = fleet::unfinished(&mut tx).await?.is_some_and(|open| open.state == RunState::Canary);
        tx.commit().await?;
        tell(News::Counts(counts));
        if first {
            if !self.part(course, true, parallel, &mut counts, tell).await? {
                return Ok(RunState::Canary);
            }
            if counts.failed > 0 {
                return Ok(RunState::Stopped);
            }
            let mut tx = self.pools.landlord().begin().await?;
            fleet::finish(&mut tx, course.turn, RunState::Rolling).await?;
            tx.commit().await?;
            tell(News::CanariesDone);
        }
        if !self.part(course, false, parallel, &mut counts, tell).await? {
            return Ok(RunState::Rolling);
        }
        Ok(if counts.failed > 0 { RunState::Failed } else { RunState::Finished })
    }

    /// All that still waits of one part. False when it was interrupted.
    async fn part(
        &self,
        course: &Course<'_>,
        canaries: bool,
        parallel: usize,
        counts: &mut Counts,
        tell: &mut impl FnMut(News<'_>),
    ) -> anyhow::Result<bool> {
        let (mut after, mut whole) = (None, true);
        while whole {
            let mut tx = self.pools.landlord().begin().await?;
            let page: Vec<Waiting> = fleet::waiting(&mut tx, course.turn.run(), canaries, after, PAGE).await?;
            tx.commit().await?;
            let Some(last) = page.last() else { return Ok(true) };
            after = Some(last.id);
            let mut became = stream::iter(page)
                .map(|store| async move {
                    let became =
                        if course.may_begin().await { self.store(course, &store).await } else { Ok(Became::Left) };
                    (store.name, became)
                })
                .buffer_unordered(parallel.max(1));
            let mut resting = false;
            while let Some((name, became)) = became.next().await {
                let rests = *course.signal.borrow() == Signal::Pause;
                if rests != resting {
                    resting = rests;
                    tell(News::Paused(rests));
                }
                match became? {
                    Became::Current => counts.done += 1,
                    Became::Failed(why) => {
                        counts.failed += 1;
                        tell(News::Failed(&name, &why));
                    }
                    Became::Left => {
                        whole = false;
                        continue;
                    }
                }
                counts.waiting -= 1;
                tell(News::Counts(*counts));
            }
        }
        Ok(false)
    }
}

impl Course<'_> {
    /// Waits while the run rests. False when no more stores are to be begun.
    async fn may_begin(&self) -> bool {
        let mut signal = self.signal.clone();
        loop {
            let now = *signal.borrow_and_update();
            match now {
                Signal::Lost => return false,
                Signal::Go => return !self.stop.is_cancelled(),
                Signal::Pause => tokio::select! {
                    () = self.stop.cancelled() => return false,
                    changed = signal.changed() => if changed.is_err() { return false },
                },
            }
        }
    }
}

async fn heartbeat(fleet: Fleet, turn: Turn, beat: watch::Sender<Signal>) {
    loop {
        match hold(&fleet, turn).await {
            Ok(signal) => {
                beat.send_if_modified(|last| std::mem::replace(last, signal) != signal);
                if signal == Signal::Lost {
                    return;
                }
            }
            // The lease outlasts a short absence of the landlord's database.
            Err(error) => tracing::warn!(%error, "the run could not be held for longer; trying again"),
        }
        tokio::time::sleep(HEARTBEAT).await;
    }
}

async fn hold(fleet: &Fleet, turn: Turn) -> sqlx::Result<Signal> {
    let mut tx = fleet.pools.landlord().begin().await?;
    let signal = fleet::hold(&mut tx, turn).await?;
    tx.commit().await?;
    Ok(signal)
}

/// Names this process to people.
fn node() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/etc/hostname").ok()).unwrap_or_default();
    format!("{} process {}", host.trim(), std::process::id()).trim().to_owned()
}
