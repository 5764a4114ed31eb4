//! `souk test-services`: a PostgreSQL and a Redis for one run of the tests, gone afterwards.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::postgres::{Cluster, Durability};
use super::programs::terminate;
use super::redis::{self, Redis};

/// Starts the services and runs `command` with their addresses in its environment; without a command prints the
/// addresses as shell exports and waits for the end of the input. Stops the services in any case.
pub async fn test_services(directory: &Path, command: Vec<String>) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut end = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let stop = async move {
        tokio::select! { _ = interrupt.recv() => {} _ = end.recv() => {} _ = hang_up.recv() => {} }
    };

    sweep(directory).await;
    let state = State::make(directory)?;
    let cluster = Cluster::start(&state.path, Durability::Off).await?;
    let done = match Redis::start(&state.path).await {
        Ok(redis) => {
            let addresses = [
                ("TEST_DATABASE_URL", cluster.app_url()),
                ("TEST_DATABASE_ADMIN_URL", cluster.admin_url()),
                ("TEST_SUPERUSER_URL", cluster.superuser_url()),
                ("TEST_REDIS_URL", redis.url()),
            ];
            match command.split_first() {
                Some((program, arguments)) => {
                    let mut run = Command::new(program);
                    run.args(arguments).envs(addresses);
                    run_until(run, stop).await
                }
                None => {
                    for (name, value) in addresses {
                        println!("export {name}='{value}'");
                    }
                    wait_for_end_of_input(stop).await;
                    Ok(ExitCode::SUCCESS)
                }
            }
        }
        Err(error) => Err(error),
    };
    cluster.destroy()?;
    fs::remove_dir_all(&state.path)?;
    done
}

async fn run_until(mut command: Command, stop: impl Future<Output = ()>) -> anyhow::Result<ExitCode> {
    let mut child = command.spawn().with_context(|| format!("cannot run {:?}", command.as_std().get_program()))?;
    let status = tokio::select! {
        status = child.wait() => status?,
        () = stop => {
            // A terminal tells the whole group; `kill` tells only us.
            child.id().into_iter().for_each(terminate);
            child.wait().await?
        }
    };
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

async fn wait_for_end_of_input(stop: impl Future<Output = ()>) {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: a runtime cannot stop while one of its threads waits for input.
    std::thread::spawn(move || {
        if let Err(error) = io::copy(&mut io::stdin(), &mut io::sink()) {
            tracing::debug!(%error, "the input broke off");
        }
        drop(ended);
    });
    tokio::select! { _ = end => {} () = stop => {} }
}

/// A directory for one run; as long as we live we hold its lock.
struct State {
    path: PathBuf,
    _lock: File,
}

impl State {
    fn make(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(std::process::id().to_string());
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let path = fs::canonicalize(path)?;
        let lock = File::create(path.join("lock"))?;
        lock.try_lock()?;
        Ok(Self { path, _lock: lock })
    }
}

/// Removes what runs that were killed have left behind.
async fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let Ok(path) = fs::canonicalize(entry.path()) else { continue };
        let Ok(lock) = File::open(path.join("lock")) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        redis::stop_leftover(&path).await;
        let left = match Cluster::start(&path, Durability::Off).await {
            Ok(cluster) => cluster.destroy(),
            Err(error) => Err(error),
        };
        if let Err(error) = left.and_then(|()| Ok(fs::remove_dir_all(&path)?)) {
            tracing::warn!(%error, "cannot clear {}", path.display());
        }
    }
}
