//! `souk tenant move`: move a store to another cluster while it sells.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use landlord::tenants;

use crate::run::Souk;
use crate::tenancy::{MoveNews, MoveWanted, cancel_move, move_store, purge_moved};

#[derive(Debug, Args)]
#[command(
    after_help = "The store sells while it is copied. Then, for as long as it takes to compare all its tables, it \
    is read and not written: writes are answered 503 `tenant.moving`, and may be sent again. A move that was cut short \
    goes on with the same command, or is called off with --cancel; by itself the store can be written again within a \
    minute, if a worker runs."
)]
pub(super) struct Options {
    /// Its name in addresses.
    slug: String,
    /// The cluster that it goes to; `souk cluster list` shows those there are.
    #[arg(long, required_unless_present_any = ["cancel", "purge"])]
    to: Option<String>,
    /// Rather give up than keep it from being written for longer than so many seconds.
    #[arg(long, default_value_t = 60, requires = "to")]
    longest_window: u64,
    /// Call the move off: what was copied is dropped, the store stays where it is.
    #[arg(long, conflicts_with_all = ["to", "purge"])]
    cancel: bool,
    /// Drop what earlier moves of this store have left behind, now rather than when its time is over.
    #[arg(long, conflicts_with_all = ["to", "cancel"])]
    purge: bool,
}

/// Does it.
pub(super) async fn run(souk: &Souk, options: &Options) -> anyhow::Result<()> {
    let mut tx = souk.landlord.db.begin().await?;
    let found = tenants::by_slug(&mut tx, &options.slug).await?;
    tx.commit().await?;
    let slug = &options.slug;
    let tenant = found.with_context(|| format!("there is no store named {slug}; `souk tenant list` shows them"))?.id;
    if options.purge {
        let count = purge_moved(&souk.pools, tenant).await?;
        println!("{count} schemas that {slug} had left behind are dropped");
        return Ok(());
    }
    if options.cancel {
        cancel_move(&souk.pools, tenant).await?;
        println!("{slug} stays where it is");
        return Ok(());
    }
    let to = options.to.clone().context("say where it goes: --to")?;
    let wanted = MoveWanted {
        tenant,
        to: to.clone(),
        keep_days: souk.config.fleet.keep_moved_days,
        longest_window: Duration::from_secs(options.longest_window),
    };
    let moved = move_store(&souk.pools, &wanted, tell).await?;
    match moved.window {
        Some(window) => println!(
            "{slug} is in {to} now: {} rows, their sums equal; it could not be written for {:.2} s",
            moved.rows,
            window.as_secs_f64()
        ),
        None => println!("{slug} is in {to}; what it had left behind is put away now"),
    }
    Ok(())
}

fn tell(news: MoveNews<'_>) {
    match news {
        MoveNews::Preparing => eprintln!("making the schema there"),
        MoveNews::Copied { rows: 0, .. } => {}
        MoveNews::Copied { round, table, rows } if round == 1 || std::io::stderr().is_terminal() => {
            eprintln!("round {round}: {table}: {rows} rows");
        }
        MoveNews::Copied { .. } => {}
        MoveNews::Closing(about) => {
            eprintln!("no writes from now on, for about {:.1} s: comparing all tables", about.as_secs_f64());
        }
        MoveNews::Switched => eprintln!("it lives there now"),
    }
}
