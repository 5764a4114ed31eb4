//! `souk checkout`: look after the checkouts of all stores.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use commerce::checkout::{self, Figures};
use kernel::origin::Origin;
use landlord::tenants;

use super::{refused, souk};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// End the checkouts whose time is over, in all stores, now.
    Cleanup,
    /// Tell how checkouts fared. Exit code 1: some are overdue.
    Monitor(Monitor),
}

#[derive(Debug, Args)]
pub(super) struct Monitor {
    /// Over so many hours.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i32).range(1..=8760))]
    hours: i32,
    /// Of one store alone, by its name in addresses.
    #[arg(long)]
    tenant: Option<String>,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

/// Does one of them.
pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Cleanup => clean_up().await.map(|()| ExitCode::SUCCESS),
        Command::Monitor(options) => monitor(&options).await,
    }
}

async fn monitor(options: &Monitor) -> anyhow::Result<ExitCode> {
    let souk = souk()?;
    let (mut after, mut stores, mut all) = (None, Vec::new(), Figures::default());
    loop {
        let mut tx = souk.landlord.db.begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows.iter().filter(|row| row.state != tenants::TenantState::Provisioning) {
            if options.tenant.as_ref().is_some_and(|slug| *slug != row.slug) {
                continue;
            }
            let Some(store) = souk.stores.of(row.id).await? else { continue };
            let shop = souk.stores.open(&store, Origin::system());
            let figures = checkout::monitor(&shop, options.hours).await.map_err(|error| refused(error.into()))?;
            all.add(&figures);
            stores.push((row.slug.clone(), figures));
        }
    }
    if let (Some(slug), true) = (&options.tenant, stores.is_empty()) {
        anyhow::bail!("there is no store named {slug}");
    }
    if options.json {
        let told: Vec<_> = stores.iter().map(|(slug, figures)| json(slug, figures)).collect();
        println!("{}", serde_json::json!({ "hours": options.hours, "stores": told, "all": json("all", &all) }));
    } else {
        for (slug, figures) in stores.iter().filter(|(_, figures)| figures.started + figures.overdue > 0) {
            print(slug, figures);
        }
        print("all", &all);
    }
    souk.pools.close().await;
    Ok(if all.overdue > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn json(store: &str, figures: &Figures) -> serde_json::Value {
    let rate = figures.success_rate().and_then(|rate| i32::try_from(rate).ok());
    serde_json::json!({
        "store": store, "figures": figures, "success_rate_percent": rate.map(|rate| f64::from(rate) / 100.0),
        "mean_ms": figures.mean_ms(), "p95_ms": figures.p95_ms(),
    })
}

fn print(store: &str, figures: &Figures) {
    let failed: u64 = figures.failed.values().sum();
    let ms = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let rate =
        figures.success_rate().map_or_else(|| "-".to_owned(), |rate| format!("{}.{:02} %", rate / 100, rate % 100));
    println!(
        "{store:20}  started {}  completed {}  failed {failed}  expired {}  cancelled {}  active {}  overdue {}  \
         success {rate}  mean {}  p95 {}",
        figures.started,
        figures.completed,
        figures.expired,
        figures.cancelled,
        figures.active,
        figures.overdue,
        ms(figures.mean_ms()),
        ms(figures.p95_ms()),
    );
    for (why, count) in &figures.failed {
        println!("{:20}  failed {count} at {why}", "");
    }
}

async fn clean_up() -> anyhow::Result<()> {
    let souk = souk()?;
    let (mut after, mut ended, mut left) = (None, 0, 0);
    loop {
        let mut tx = souk.landlord.db.begin().await?;
        let rows = tenants::list(&mut tx, after, 100).await?;
        tx.commit().await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows.iter().filter(|row| row.state != tenants::TenantState::Provisioning) {
            let Some(store) = souk.stores.of(row.id).await? else { continue };
            let shop = souk.stores.open(&store, Origin::system());
            let counts = checkout::expire_due(&shop, 10_000).await.map_err(|error| refused(error.into()))?;
            ended += counts.0;
            left += counts.1;
        }
    }
    println!("{ended} checkouts ended, {left} to be tried again (their payments are undecided)");
    Ok(())
}
