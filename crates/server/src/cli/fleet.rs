//! `souk fleet`: bring the schemas of all stores up to date, and see how they stand.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, Subcommand};
use kernel::origin::Origin;
use landlord::fleet::{self, Counts, RunState};

use super::serve::stop_on_signal;
use super::souk;
use crate::run::Souk;
use crate::tenancy::{Fleet, MigrationSet, News, Outcome, Status, Wanted, read_migration};

/// How often progress is told where nobody looks at a terminal.
const EVERY: Duration = Duration::from_secs(5);
/// The length of the bar.
const BAR: usize = 30;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How many stores have which migrations, and how the latest run fares. Exit code 1: some are behind.
    Status {
        /// Print JSON, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Bring all stores up to date, a few first. Goes on with a run that was cut short.
    #[command(after_help = "Exit code 1: not every store is up to date. Ctrl-C finishes the stores in work; the same \
        command goes on with the rest.")]
    Migrate(Migrate),
    /// Let the run that is under way rest: stores in work are finished.
    Pause,
    /// Let it go on.
    Resume,
}

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Schemas migrated at the same time; without it as `fleet.parallel` says.
    #[arg(long)]
    parallel: Option<usize>,
    /// No stores first: all at once.
    #[arg(long)]
    no_canaries: bool,
    /// One more migration, `<version>_<name>.sql`: to measure what it would cost, never in earnest.
    #[arg(long, hide = true)]
    rehearse: Option<PathBuf>,
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let souk = souk()?;
    let code = match command {
        Command::Status { json } => {
            let status = souk.fleet().status(souk.landlord.clock.now()).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&status)?);
            } else {
                show(&status);
            }
            if status.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Command::Migrate(options) => migrate(&souk, &options).await?,
        Command::Pause => rest(&souk, true).await?,
        Command::Resume => rest(&souk, false).await?,
    };
    souk.pools.close().await;
    Ok(code)
}

async fn rest(souk: &Souk, pause: bool) -> anyhow::Result<ExitCode> {
    let mut tx = souk.landlord.db.begin().await?;
    let held = fleet::unfinished(&mut tx).await?.is_some_and(|run| run.held);
    let origin = Origin::system();
    let run = if pause { fleet::pause(&mut tx, &origin).await? } else { fleet::resume(&mut tx, &origin).await? };
    tx.commit().await?;
    let run = run.context("no run is under way")?;
    match (pause, held) {
        (true, _) => println!("run {run} rests; souk fleet resume lets it go on"),
        (false, true) => println!("run {run} goes on"),
        (false, false) => println!("run {run} may go on, and nobody is at it: souk fleet migrate goes on with it"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(souk: &Souk, options: &Migrate) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut fleet = souk.fleet();
    if let Some(file) = &options.rehearse {
        fleet = rehearsed(fleet, file)?;
    }
    let parallel = options.parallel.unwrap_or(souk.config.fleet.parallel).clamp(1, 64);
    let wanted = Wanted { canaries: !options.no_canaries, parallel, wait: false };
    let mut meter = Meter::new();
    let outcome = fleet.migrate(wanted, &stop_on_signal()?, |news| meter.hear(&news)).await;
    meter.end();
    let outcome = outcome?;
    conclude(&outcome, started.elapsed());
    Ok(if outcome.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn rehearsed(fleet: Fleet, file: &Path) -> anyhow::Result<Fleet> {
    let one = read_migration(file).with_context(|| file.display().to_string())?;
    Ok(fleet.with_set(MigrationSet::tenant().with(one)))
}

fn conclude(outcome: &Outcome, took: Duration) {
    let seconds = took.as_secs_f64();
    for failure in &outcome.failures {
        let error = failure.error.as_deref().unwrap_or("");
        println!("failed: {} ({}, tried {} times): {error}", failure.name, failure.cluster, failure.tries);
    }
    for (cluster, why) in &outcome.unreachable {
        println!("not looked at: the cluster {cluster}: {why}");
    }
    let Counts { done, failed, waiting, .. } = outcome.counts;
    match outcome.run {
        None => println!("{} schemas looked at, none is behind ({seconds:.1} s)", outcome.looked_at),
        Some((run, RunState::Stopped)) => {
            println!("run {run} stopped: a store that goes first failed, and {waiting} others were not touched");
        }
        Some((run, _)) if outcome.interrupted => {
            println!(
                "run {run} was interrupted: {done} done, {failed} failed, {waiting} still wait; souk fleet migrate goes on"
            );
        }
        Some((run, _)) => println!("run {run}: {done} done, {failed} failed ({seconds:.1} s)"),
    }
}

fn show(status: &Status) {
    println!("this program's version: {}", status.version);
    for (version, count) in &status.versions {
        let note = if *version == status.version { "" } else { "  (not the newest)" };
        println!("  {version}  {count} stores{note}");
    }
    println!("{} up to date, {} behind, {} odd", status.current, status.behind, status.odd.len());
    for odd in &status.odd {
        println!("  {odd}");
    }
    for cluster in &status.clusters {
        match &cluster.error {
            Some(error) => println!("cluster {}: could not be looked at: {error}", cluster.id),
            None => println!(
                "cluster {}: {} stores, {} spare schemas, {} behind",
                cluster.id, cluster.stores, cluster.spares, cluster.behind
            ),
        }
    }
    let Some(last) = &status.run else { return };
    let counts = &last.counts;
    let mut line = format!(
        "run {} to {}: {}, {} of {} done, {} failed",
        last.run.id,
        last.run.target_version,
        last.run.state.name(),
        counts.done,
        counts.total(),
        counts.failed
    );
    if last.run.finished_at.is_none() {
        match (&last.run.node, last.run.held, last.run.paused_at) {
            (_, _, Some(since)) => line.push_str(&format!(", rests since {}", since.format("%F %T UTC"))),
            (Some(node), true, None) => line.push_str(&format!(", at work: {node}")),
            (_, _, None) => line.push_str(", nobody is at it: souk fleet migrate goes on with it"),
        }
    }
    if let (Some(rate), Some(eta)) = (last.per_second, last.eta_seconds) {
        line.push_str(&format!(", {rate:.1} a second, {eta} s left"));
    }
    println!("{line}");
    for failure in &last.failures {
        println!("  failed: {} ({}): {}", failure.name, failure.cluster, failure.error.as_deref().unwrap_or(""));
    }
}

/// Shows progress: a bar in a terminal, a line now and then elsewhere.
struct Meter {
    terminal: bool,
    told: Option<Instant>,
    /// When counting began, and what was done by then.
    began: Option<(Instant, i64)>,
}

impl Meter {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), told: None, began: None }
    }

    fn hear(&mut self, news: &News<'_>) {
        match news {
            News::Looking => self.say("looking which stores are behind"),
            News::Begun { run, again: true, .. } => self.say(&format!("going on with run {run}")),
            News::Begun { run, again: false, canaries: 0 } => self.say(&format!("run {run} begins")),
            News::Begun { run, again: false, canaries } => {
                self.say(&format!("run {run} begins; {canaries} stores go first"));
            }
            News::Waiting(run) => self.say(&format!("another process is at run {run}; waiting for it")),
            News::CanariesDone => self.say("those that went first are up to date; now the rest"),
            News::Paused(true) => self.say("the run rests; souk fleet resume lets it go on"),
            News::Paused(false) => self.say("the run goes on"),
            News::Failed(store, why) => self.say(&format!("failed: {store}: {why}")),
            News::Counts(counts) => self.count(counts),
        }
    }

    fn count(&mut self, counts: &Counts) {
        let had = counts.done + counts.failed;
        let (began, before) = *self.began.get_or_insert((Instant::now(), had));
        let due = if self.terminal { Duration::from_millis(100) } else { EVERY };
        let last = counts.waiting == 0;
        if !last && self.told.is_some_and(|told| told.elapsed() < due) {
            return;
        }
        self.told = Some(Instant::now());
        let line = line(counts, had - before, began.elapsed());
        if self.terminal {
            eprint!("\r{} {line}\x1b[K", bar(had, counts.total()));
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    fn say(&self, text: &str) {
        if self.terminal {
            eprintln!("\r{text}\x1b[K");
        } else {
            eprintln!("{text}");
        }
    }

    fn end(&self) {
        if self.terminal && self.told.is_some() {
            eprintln!();
        }
    }
}

fn bar(had: i64, total: i64) -> String {
    let full = usize::try_from(had * i64::try_from(BAR).unwrap_or(1) / total.max(1)).unwrap_or(0).min(BAR);
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR - full))
}

fn line(counts: &Counts, had: i64, elapsed: Duration) -> String {
    let number = |count: i64| i32::try_from(count).map_or(f64::from(i32::MAX), f64::from);
    let rate = number(had) / elapsed.as_secs_f64().max(0.001);
    let mut line = format!("{} of {}", counts.done + counts.failed, counts.total());
    if had > 0 {
        line.push_str(&format!("  {rate:.1} a second"));
        if counts.waiting > 0 {
            line.push_str(&format!("  {:.0} s left", number(counts.waiting) / rate));
        }
    }
    if counts.failed > 0 {
        line.push_str(&format!("  {} failed", counts.failed));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_much_how_fast_and_how_long_still() {
        let counts = Counts { waiting: 150, done: 48, failed: 2, last_minute: 0 };
        assert_eq!(line(&counts, 25, Duration::from_secs(5)), "50 of 200  5.0 a second  30 s left  2 failed");
        assert_eq!(line(&Counts { waiting: 3, ..Counts::default() }, 0, Duration::ZERO), "0 of 3");
        assert_eq!(bar(50, 200), format!("[{}{}]", "#".repeat(7), ".".repeat(23)));
        assert_eq!(bar(0, 0).len(), BAR + 2);
    }
}
