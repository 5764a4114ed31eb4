//! PostgreSQL's own programs, told what to do: the measuring tool has no driver and no queries of the product's own.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail};
use clap::Args;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Where PostgreSQL's programs are.
#[derive(Debug, Clone, Args)]
pub struct Programs {
    /// Directory with `psql` and `pgbench`; without it they are looked for where Debian and Homebrew put them.
    #[arg(long)]
    postgres_bin: Option<PathBuf>,
}

/// A database and the programs to reach it with.
#[derive(Debug, Clone)]
pub struct Database {
    url: String,
    programs: Programs,
}

impl Database {
    pub fn new(url: &str, programs: &Programs) -> Self {
        Self { url: url.to_owned(), programs: programs.clone() }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        let authority = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = authority.split(['/', '?']).next().unwrap_or_default();
        authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(5432)
    }

    /// Runs a script in one session; returns what it prints, unaligned, without headings.
    pub async fn run(&self, script: &str) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.find("psql")?);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-f", "-"]);
        self.output(command, Some(script)).await
    }

    /// A number that a query returns.
    pub async fn number(&self, query: &str) -> anyhow::Result<i64> {
        let text = self.run(query).await?;
        text.trim().parse().with_context(|| format!("{query}: {text}"))
    }

    /// Runs `pgbench` with these arguments.
    pub async fn pgbench(&self, arguments: &[String]) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.find("pgbench")?);
        command.args(arguments).arg(&self.url);
        self.output(command, None).await
    }

    async fn output(&self, mut command: Command, input: Option<&str>) -> anyhow::Result<String> {
        let mut child = command
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let script = input.unwrap_or_default().to_owned();
        let written = child.stdin.take().map(|mut stdin| {
            tokio::spawn(async move {
                // What psql did not read it complains about itself.
                let _ = stdin.write_all(script.as_bytes()).await;
            })
        });
        let output = child.wait_with_output().await?;
        if let Some(written) = written {
            written.await?;
        }
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Programs {
    fn find(&self, name: &str) -> anyhow::Result<PathBuf> {
        let mut places: Vec<PathBuf> = self.postgres_bin.iter().cloned().collect();
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        places.extend(std::env::split_paths(&on_path));
        let mut installed: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
            .iter()
            .filter_map(|parent| std::fs::read_dir(parent).ok())
            .flat_map(|entries| entries.flatten().map(|entry| entry.path().join("bin")))
            .collect();
        installed.sort();
        places.extend(installed.into_iter().rev());
        places
            .into_iter()
            .map(|place| place.join(name))
            .find(|program| program.is_file())
            .with_context(|| format!("{name} is missing: install PostgreSQL's client programs, or say --postgres-bin"))
    }
}
