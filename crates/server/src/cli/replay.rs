//! `souk replay`: fold the events of stores and compare the outcome with what their tables hold.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use commerce::replay::{self, Verified};
use commerce::shop::Shop;
use kernel::id::TenantId;
use kernel::origin::Origin;
use landlord::tenants::{self, TenantState};
use serde_json::json;

use super::souk;
use crate::run::Souk;

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
#[command(after_help = "Exit code 1: something differs. Orders, stock, payments and refunds are never overwritten: a \
    difference there means that one of the two was changed behind the product's back, and a person must look.")]
pub(super) struct Options {
    /// The store with this name in addresses.
    #[arg(long, required_unless_present = "all", conflicts_with = "all")]
    tenant: Option<String>,
    /// All stores, one after the other.
    #[arg(long)]
    all: bool,
    /// Compare orders, stock, payments, refunds and reports with what the events make of them; change nothing.
    #[arg(long, required_unless_present = "rebuild", conflicts_with = "rebuild")]
    verify: bool,
    /// Write the reports anew from the events.
    #[arg(long)]
    rebuild: bool,
    /// One JSON object for each store, for scripts.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let souk = souk()?;
    let mut sound = true;
    if let Some(slug) = &options.tenant {
        let mut tx = souk.landlord.db.begin().await?;
        let tenant = tenants::by_slug(&mut tx, slug).await?;
        tx.commit().await?;
        let tenant =
            tenant.with_context(|| format!("there is no store named {slug}; `souk tenant list` shows them"))?;
        sound &= one(&souk, &options, tenant.id, slug).await?;
    } else {
        let (mut after, mut count) = (None, 0u64);
        loop {
            let mut tx = souk.landlord.db.begin().await?;
            let rows = tenants::list(&mut tx, after, 100).await?;
            tx.commit().await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            for row in rows.iter().filter(|row| row.state != TenantState::Provisioning) {
                count += 1;
                if std::io::stderr().is_terminal() {
                    eprintln!("store {count}: {}", row.slug);
                }
                sound &= one(&souk, &options, row.id, &row.slug).await?;
            }
        }
        eprintln!("{count} stores");
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One store. False when something differs.
async fn one(souk: &Souk, options: &Options, tenant: TenantId, slug: &str) -> anyhow::Result<bool> {
    let store = souk.stores.of(tenant).await?.with_context(|| format!("the store {slug} is not there yet"))?;
    let shop: Shop = souk.stores.open(&store, Origin::system());
    let mut told = Instant::now();
    let progress = |events: u64| {
        if told.elapsed() > EVERY {
            eprintln!("{slug}: {events} events");
            told = Instant::now();
        }
    };
    if options.rebuild {
        let events = replay::rebuild(&shop, progress).await.with_context(|| format!("the reports of {slug}"))?;
        if options.json {
            println!("{}", json!({ "store": slug, "events": events }));
        } else {
            println!("{slug}: reports written anew from {events} events and the snapshots");
        }
        return Ok(true);
    }
    let verified = replay::verify(&shop, progress).await.with_context(|| format!("the store {slug}"))?;
    show(slug, &verified, options.json);
    Ok(verified.differences.is_empty())
}

fn show(slug: &str, verified: &Verified, as_json: bool) {
    let Verified { events, aggregates, differences } = verified;
    if as_json {
        println!(
            "{}",
            json!({ "store": slug, "events": events, "aggregates": aggregates, "differences": differences })
        );
        return;
    }
    for differs in differences {
        println!(
            "{slug}: {} {}: {}: expected {}, found {}",
            differs.aggregate, differs.id, differs.field, differs.expected, differs.found
        );
    }
    println!("{slug}: {events} events, {aggregates} aggregates, {} differences", differences.len());
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Options;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn one_store_or_all_and_one_thing_to_do() {
        let read = |words: &[&str]| Line::try_parse_from([&["replay"], words].concat());
        for words in [["--tenant=demo", "--verify"], ["--all", "--verify"], ["--tenant=demo", "--rebuild"]] {
            assert!(read(&words).is_ok(), "{words:?}");
        }
        assert!(read(&["--all", "--verify", "--json"]).is_ok_and(|line| line.options.json));
        for words in [
            &["--verify"][..],
            &["--all"],
            &["--all", "--tenant=demo", "--verify"],
            &["--all", "--verify", "--rebuild"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
