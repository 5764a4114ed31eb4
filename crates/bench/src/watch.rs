//! What the server, PostgreSQL and this program take of the machine, as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

/// The processes that are watched.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    server: u32,
    postmaster: u32,
}

/// Processor time that was used up to a moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    server: Duration,
    postgres: Duration,
    here: Duration,
}

impl Watched {
    /// Finds the process that listens on `server_port`, and the postmaster that listens on `database_port`.
    pub fn find(server_port: u16, database_port: u16) -> anyhow::Result<Self> {
        let server = listener(server_port)?.with_context(|| format!("nobody listens on port {server_port} here"))?;
        let postmaster =
            listener(database_port)?.with_context(|| format!("no PostgreSQL listens on port {database_port} here"))?;
        Ok(Self { server, postmaster })
    }

    /// Where PostgreSQL keeps its files: a postmaster works in that directory.
    pub fn database_directory(self) -> PathBuf {
        fs::read_link(format!("/proc/{}/cwd", self.postmaster)).unwrap_or_default()
    }

    /// Processor time so far.
    pub fn used(self) -> Used {
        let processes = Processes::read();
        let postgres = processes.family(self.postmaster).map(|process| process.cpu).sum();
        let of = |pid: u32| processes.0.get(&pid).map(|process| process.cpu).unwrap_or_default();
        Used { server: of(self.server), postgres, here: of(std::process::id()) }
    }

    /// Memory: resident of the server; private of all backends together, and how many there are.
    pub fn memory(self) -> String {
        let processes = Processes::read();
        let backends: Vec<u32> =
            processes.0.iter().filter(|(_, process)| process.parent == self.postmaster).map(|(pid, _)| *pid).collect();
        let private: u64 = backends.iter().map(|pid| private_kib(*pid)).sum();
        format!(
            "server {} MB resident; {} PostgreSQL processes with {} MB of their own",
            status_kib(self.server, "VmRSS") / 1024,
            backends.len(),
            private / 1024
        )
    }
}

impl Used {
    /// `server 0.41 + PostgreSQL 1.12 + generator 0.21 cores`
    pub fn line(self, before: Used, wall: Duration) -> String {
        let cores = |after: Duration, before: Duration| after.saturating_sub(before).as_secs_f64() / wall.as_secs_f64();
        format!(
            "server {:.2} + PostgreSQL {:.2} + generator {:.2} cores",
            cores(self.server, before.server),
            cores(self.postgres, before.postgres),
            cores(self.here, before.here)
        )
    }

    /// Cores that PostgreSQL took.
    pub fn postgres_cores(self, before: Used, wall: Duration) -> f64 {
        self.postgres.saturating_sub(before.postgres).as_secs_f64() / wall.as_secs_f64()
    }
}

struct Process {
    parent: u32,
    cpu: Duration,
}

struct Processes(BTreeMap<u32, Process>);

impl Processes {
    fn read() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        Self(pids.filter_map(|pid| Some((pid, process(pid)?))).collect())
    }

    /// A process and its children. Backends that end are counted in their parent.
    fn family(&self, pid: u32) -> impl Iterator<Item = &Process> {
        self.0.iter().filter(move |(id, process)| **id == pid || process.parent == pid).map(|(_, process)| process)
    }
}

/// Reads `/proc/<pid>/stat`: parent, and user and system time with that of children that ended.
fn process(pid: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    // Of the 100 that all Linux kernels show per second.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Process { parent: u32::try_from(number(1)?).ok()?, cpu: Duration::from_millis(ticks * 10) })
}

fn private_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("Private_"));
    lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

/// A line of `/proc/<pid>/status`, in KiB.
pub fn status_kib(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").trim().parse().unwrap_or_default()
}

/// The process that listens on a port of this machine.
fn listener(port: u16) -> anyhow::Result<Option<u32>> {
    let mut sockets = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (Some(local), Some(state), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9)) else {
                bail!("{table} is not as Linux writes it");
            };
            if *state == "0A" && local.ends_with(&format!(":{port:04X}")) {
                sockets.push(format!("socket:[{inode}]"));
            }
        }
    }
    let mut pids: Vec<u32> = Processes::read().0.into_keys().collect();
    pids.sort_unstable();
    Ok(pids.into_iter().find(|pid| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|link| {
            let link = link.to_string_lossy().into_owned();
            sockets.contains(&link)
        })
    }))
}
