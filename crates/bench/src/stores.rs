//! How much memory the server takes with many stores in use.

use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use serde_json::json;

use crate::figures::Figures;
use crate::platform::{Platform, Store, Target, text};
use crate::watch::status_kib;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,
    /// How many stores are opened and used.
    #[arg(long, default_value_t = 200)]
    count: u32,
    /// Process id of the server.
    #[arg(long)]
    pid: u32,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let platform = Platform::new(&options.target)?;
    println!("before              {}", memory(options.pid)?);
    let (mut opened, mut sold) = (Vec::new(), Figures::default());
    for done in 0..options.count {
        let store = platform.sign_up().await?;
        sell(&platform, &store, &mut sold).await?;
        opened.push(store);
        if (done + 1) % 50 == 0 {
            eprintln!("{} of {} stores", done + 1, options.count);
        }
    }
    println!("{:<4} stores opened  {}", options.count, memory(options.pid)?);
    for _ in 0..3 {
        for store in &opened {
            platform.send(Some(store), "/api/v1/products", None).await?;
            platform.send(Some(store), "/api/v1/admin/orders", None).await?;
        }
    }
    println!("and used again      {}", memory(options.pid)?);
    println!("first checkout of a store: {}", sold.line());
    Ok(())
}

/// One product, one delivery, one sale.
async fn sell(platform: &Platform, store: &Store, sold: &mut Figures) -> anyhow::Result<()> {
    let product = json!({
        "title": "Thing", "status": "active", "variants": [{ "sku": "THING", "price_minor": 1000 }],
    });
    let product = platform.send(Some(store), "/api/v1/admin/products", Some(&product)).await?;
    let variant = text(&product, "/variants/0/id")?;
    let delivery = json!({ "delta": 10, "reason": "bench" });
    let path = format!("/api/v1/admin/variants/{variant}/stock");
    platform.send(Some(store), &path, Some(&delivery)).await?;
    let items = json!({ "items": [{ "variant_id": variant, "quantity": 1 }] });
    let cart = platform.send(Some(store), "/api/v1/carts", Some(&items)).await?;
    let started = Instant::now();
    platform.check_out(store, &cart).await?;
    sold.add(started.elapsed());
    Ok(())
}

/// Resident memory now and at its highest, as the kernel counts it.
fn memory(pid: u32) -> anyhow::Result<String> {
    let (now, highest) = (status_kib(pid, "VmRSS") / 1024, status_kib(pid, "VmHWM") / 1024);
    ensure!(highest > 0, "there is no process {pid} to look at");
    Ok(format!("{now:>4} MB resident, {highest:>4} MB at its highest"))
}
