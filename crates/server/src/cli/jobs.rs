//! `souk jobs`: look at work that waits or was given up, have it done again, or discard it.

use std::io::IsTerminal;

use anyhow::Context;
use clap::{Args, Subcommand};
use commerce::jobs::{self, JobState, Kind, Which};
use kernel::id::TenantId;
use landlord::tenants;

use super::souk;
use crate::run::Souk;
use crate::tenancy::Cluster;

/// Jobs read at once.
const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List jobs, the newest first, one a line.
    List(List),
    /// Have jobs that were given up done again, with all their tries.
    Replay(Replay),
    /// Forget a job that was given up, for good.
    Discard {
        /// Its number; `souk jobs list --dead` shows it.
        id: i64,
        /// The cluster that it is in, where there are several.
        #[arg(long)]
        cluster: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those that were given up.
    #[arg(long)]
    dead: bool,
    /// Only those of the store with this name in addresses.
    #[arg(long)]
    tenant: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 1000)]
    limit: i64,
    /// One JSON object a line, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Its number; `souk jobs list --dead` shows it.
    #[arg(required_unless_present = "kind", conflicts_with = "kind")]
    id: Option<i64>,
    /// The cluster that the number is in, where there are several.
    #[arg(long, requires = "id")]
    cluster: Option<String>,
    /// All of this kind, such as payment.settle.
    #[arg(long)]
    kind: Option<String>,
    /// Of the kind, only those of the store with this name in addresses.
    #[arg(long, requires = "kind")]
    tenant: Option<String>,
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let souk = souk()?;
    match command {
        Command::List(list) => self::list(&souk, &list).await,
        Command::Replay(Replay { id: Some(id), cluster, .. }) => {
            let cluster = one(&souk, cluster.as_deref())?;
            anyhow::ensure!(jobs::replay(&cluster.db(), id).await?, none(id));
            println!("{id} is due now");
            Ok(())
        }
        Command::Replay(Replay { id: None, kind, tenant, .. }) => {
            let name = kind.context("name a job or a kind")?;
            let kind = Kind::from_name(&name).with_context(|| {
                let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                format!("there is no kind {name}; there are {}", known.join(", "))
            })?;
            let tenant = named(&souk, tenant.as_deref()).await?;
            let mut count = 0;
            for cluster in souk.pools.clusters() {
                count += jobs::replay_kind(&cluster.db(), kind, tenant).await?;
            }
            println!("{count} jobs are due now");
            Ok(())
        }
        Command::Discard { id, cluster } => {
            let cluster = one(&souk, cluster.as_deref())?;
            anyhow::ensure!(jobs::discard(&cluster.db(), id).await?, none(id));
            println!("{id} is discarded");
            Ok(())
        }
    }
}

/// The cluster that is meant: numbers of jobs are each cluster's own.
fn one<'s>(souk: &'s Souk, named: Option<&str>) -> anyhow::Result<&'s Cluster> {
    let all = souk.pools.cluster_ids();
    let only = all.first().filter(|_| all.len() == 1).map(String::as_str);
    match named.or(only) {
        Some(id) => {
            let found = souk.pools.cluster(id);
            found.with_context(|| format!("there is no cluster {id}; there are {}", all.join(", ")))
        }
        None => anyhow::bail!("each cluster has numbers of its own: say --cluster; there are {}", all.join(", ")),
    }
}

fn none(id: i64) -> String {
    format!("no job {id} was given up; `souk jobs list --dead` shows those that were")
}

/// The store of this name.
async fn named(souk: &Souk, slug: Option<&str>) -> anyhow::Result<Option<TenantId>> {
    let Some(slug) = slug else { return Ok(None) };
    let mut tx = souk.landlord.db.begin().await?;
    let tenant = tenants::by_slug(&mut tx, slug).await?;
    tx.commit().await?;
    let tenant = tenant.with_context(|| format!("there is no store named {slug}; `souk tenant list` shows them"))?;
    Ok(Some(tenant.id))
}

async fn list(souk: &Souk, list: &List) -> anyhow::Result<()> {
    let tenant = named(souk, list.tenant.as_deref()).await?;
    if !list.json && std::io::stdout().is_terminal() {
        println!(
            "{:>10}  {:7}  {:12}  {:24}  {:36}  {:>5}  LAST ERROR",
            "ID", "STATE", "QUEUE", "KIND", "STORE", "TRIES"
        );
    }
    for cluster in souk.pools.clusters() {
        if souk.pools.cluster_ids().len() > 1 && !list.json && std::io::stdout().is_terminal() {
            println!("cluster {}", cluster.id);
        }
        list_in(cluster, list, tenant).await?;
    }
    Ok(())
}

async fn list_in(cluster: &Cluster, list: &List, tenant: Option<TenantId>) -> anyhow::Result<()> {
    let (mut before, mut left) = (None, list.limit);
    while left > 0 {
        let which = Which { tenant, state: list.dead.then_some(JobState::Dead), before };
        let page = jobs::list(&cluster.db(), &which, left.min(PAGE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = Some(last.id);
        left -= i64::try_from(page.len())?;
        for job in page {
            if list.json {
                println!("{}", serde_json::to_string(&job)?);
                continue;
            }
            let state = if job.dead_at.is_some() { "dead" } else { "waiting" };
            println!(
                "{:>10}  {state:7}  {:12}  {:24}  {:36}  {:>5}  {}",
                job.id,
                job.queue,
                job.kind,
                job.tenant,
                job.attempts,
                job.last_error.as_deref().unwrap_or("")
            );
        }
    }
    Ok(())
}
