//! `souk cluster`: the databases that hold stores.

use anyhow::Context;
use clap::Subcommand;
use kernel::origin::Origin;
use landlord::clusters;

use super::souk;
use crate::run::Souk;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List them, and whether they answer this machine.
    List {
        /// Print JSON, for scripts.
        #[arg(long)]
        json: bool,
    },
    /// Place no new stores in it; those in it stay until they are moved: souk tenant move.
    Drain {
        /// Its name in the settings.
        id: String,
    },
    /// Place new stores in it again.
    Undrain {
        /// Its name in the settings.
        id: String,
    },
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let souk = souk()?;
    match command {
        Command::List { json } => list(&souk, json).await,
        Command::Drain { id } => drain(&souk, &id, true).await,
        Command::Undrain { id } => drain(&souk, &id, false).await,
    }
}

async fn list(souk: &Souk, json: bool) -> anyhow::Result<()> {
    let mut tx = souk.landlord.db.begin().await?;
    let all = clusters::list(&mut tx).await?;
    tx.commit().await?;
    for cluster in all {
        let answers = match souk.pools.cluster(&cluster.id) {
            Some(known) => match known.db().begin().await {
                Ok(tx) => tx.commit().await.is_ok(),
                Err(_) => false,
            },
            None => false,
        };
        if json {
            println!("{}", serde_json::json!({ "cluster": cluster, "answers": answers }));
            continue;
        }
        let plans = cluster.plans.map_or_else(|| "all plans".to_owned(), |plans| plans.join(","));
        let state = match (souk.pools.cluster(&cluster.id), answers, cluster.draining_since) {
            (None, _, _) => "not in the settings",
            (Some(_), false, _) => "does not answer",
            (Some(_), true, Some(_)) => "drains",
            (Some(_), true, None) => "takes stores",
        };
        println!("{:20}  {:>6} stores  weight {:>4}  {plans:20}  {state}", cluster.id, cluster.stores, cluster.weight);
    }
    Ok(())
}

async fn drain(souk: &Souk, id: &str, draining: bool) -> anyhow::Result<()> {
    let mut tx = souk.landlord.db.begin().await?;
    clusters::drain(&mut tx, &Origin::system(), id, draining)
        .await
        .with_context(|| format!("{id}: `souk cluster list` shows those there are"))?;
    tx.commit().await?;
    println!("{id} {}", if draining { "takes no new stores" } else { "takes new stores" });
    Ok(())
}
