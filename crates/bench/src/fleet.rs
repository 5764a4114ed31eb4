//! How long all stores take to be brought up to date, and whether shoppers notice.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::database::{Database, Programs};
use crate::dev::{Dev, DevOptions};
use crate::figures::Figures;
use crate::platform::{Platform, Store, text};

/// Looks of which the fastest counts.
const LOOKS: usize = 3;
/// What each store has of the good that is bought.
const STOCK: u32 = 100_000_000;
/// Any version that no migration of the product has; what is added under it is taken away again.
const VERSION: i64 = 29_991_231_235_959;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    dev: DevOptions,
    #[command(flatten)]
    programs: Programs,
    /// Stores there are to be; those that are missing are opened first.
    #[arg(long, default_value_t = 2000)]
    stores: i64,
    /// Sign-ups beside each other while stores are opened.
    #[arg(long, default_value_t = 4)]
    openers: usize,
    /// Schemas migrated beside each other.
    #[arg(long, default_value_t = 4)]
    parallel: usize,
    /// Shoppers who buy meanwhile, each at once again, but for a pause.
    #[arg(long, default_value_t = 8)]
    shoppers: usize,
    /// Milliseconds between two purchases of a shopper: a usual day rather than a rush.
    #[arg(long, default_value_t = 50)]
    pause_ms: u64,
    /// Seconds of shopping before the migration begins.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The program; without it the `souk` beside this one.
    #[arg(long)]
    souk: Option<PathBuf>,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let dev = options.dev.read()?;
    let database = Database::new(&dev.database_url, &options.programs);
    let platform = Platform::at(&dev.platform_url)?;
    open(&platform, &database, &options).await?;
    let stores = count(&database).await?;
    println!("{stores} stores, {} schemas beside each other", options.parallel);

    let mut fastest = Duration::MAX;
    for _ in 0..LOOKS {
        let started = Instant::now();
        souk(&options, &dev, &["fleet", "migrate"]).await?;
        fastest = fastest.min(started.elapsed());
    }
    println!("  nothing to do            {:.2} s, the start of the program included", fastest.as_secs_f64());

    let shops = shops(&platform, options.shoppers).await?;
    let before = shop_for(&platform, &shops, &options, Duration::from_secs(options.seconds)).await?;
    println!("  checkouts before         {}  ({} of them)", before.line(), before.count());
    let file = std::env::temp_dir().join(format!("{VERSION}_bench_one_column.sql"));
    std::fs::write(&file, "alter table settings add column bench_note text not null default ''\n")?;
    let path = file.to_str().context("the folder for temporary files has no name in UTF-8")?;
    let parallel = options.parallel.to_string();
    let arguments = ["fleet", "migrate", "--no-canaries", "--parallel", &parallel, "--rehearse", path];
    let over = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let (migrated, during) = tokio::join!(
        async {
            let done = souk(&options, &dev, &arguments).await;
            over.store(true, Ordering::Relaxed);
            (done, started.elapsed())
        },
        shop_until(&platform, &shops, &options, &over)
    );
    undo(&database).await?;
    let (done, took) = migrated;
    done?;
    let during = during?;
    println!("  one column               {:.1} s for all stores", took.as_secs_f64());
    println!("  checkouts meanwhile      {}  ({} of them)", during.line(), during.count());
    let (p99, usual) = (during.percentile(99.0), before.percentile(99.0));
    println!("  p99 against before       {:.2} times", p99.as_secs_f64() / usual.as_secs_f64().max(1e-6));
    Ok(())
}

async fn count(database: &Database) -> anyhow::Result<i64> {
    database.number("select count(*) from landlord.tenants where state = 'active'").await
}

async fn open(platform: &Platform, database: &Database, options: &Options) -> anyhow::Result<()> {
    let missing = options.stores - count(database).await?;
    let mut opened = stream::iter(0..missing.max(0)).map(|_| platform.sign_up()).buffer_unordered(options.openers);
    let mut done = 0;
    while opened.try_next().await?.is_some() {
        done += 1;
        if done % 50 == 0 {
            eprintln!("{done} of {missing} stores opened");
        }
    }
    Ok(())
}

/// Stores with one good each, and the good.
async fn shops(platform: &Platform, count: usize) -> anyhow::Result<Vec<(Store, String)>> {
    let mut shops = Vec::new();
    for _ in 0..count {
        let store = platform.sign_up().await?;
        let product =
            json!({ "title": "Thing", "status": "active", "variants": [{ "sku": "THING", "price_minor": 1000 }] });
        let product = platform.send(Some(&store), "/api/v1/admin/products", Some(&product)).await?;
        let variant = text(&product, "/variants/0/id")?;
        let delivery = json!({ "delta": STOCK, "reason": "bench" });
        platform.send(Some(&store), &format!("/api/v1/admin/variants/{variant}/stock"), Some(&delivery)).await?;
        shops.push((store, variant));
    }
    Ok(shops)
}

async fn shop_for(
    platform: &Platform,
    shops: &[(Store, String)],
    options: &Options,
    time: Duration,
) -> anyhow::Result<Figures> {
    let over = Arc::new(AtomicBool::new(false));
    let clock = async {
        tokio::time::sleep(time).await;
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(shop_until(platform, shops, options, &over), clock).0
}

/// Each shopper buys in a store of their own until it is over; the checkout alone is measured.
async fn shop_until(
    platform: &Platform,
    shops: &[(Store, String)],
    options: &Options,
    over: &Arc<AtomicBool>,
) -> anyhow::Result<Figures> {
    let mut shoppers = JoinSet::new();
    for (store, variant) in shops {
        let (store, variant) = (store.clone(), variant.clone());
        let (platform, over, pause) = (platform.clone(), over.clone(), Duration::from_millis(options.pause_ms));
        shoppers.spawn(async move {
            let mut figures = Figures::default();
            while !over.load(Ordering::Relaxed) {
                let items = json!({ "items": [{ "variant_id": variant, "quantity": 1 }] });
                let cart = platform.send(Some(&store), "/api/v1/carts", Some(&items)).await?;
                let started = Instant::now();
                platform.check_out(&store, &cart).await?;
                figures.add(started.elapsed());
                tokio::time::sleep(pause).await;
            }
            anyhow::Ok(figures)
        });
    }
    let mut all = Figures::default();
    while let Some(figures) = shoppers.join_next().await {
        all.extend(figures??);
    }
    Ok(all)
}

/// Runs the program on the platform's database, as its owner.
async fn souk(options: &Options, dev: &Dev, arguments: &[&str]) -> anyhow::Result<()> {
    let program = match &options.souk {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("souk"),
    };
    let output = Command::new(&program)
        .args(arguments)
        .env("DATABASE_URL", &dev.database_url)
        .env("DATABASE_ADMIN_URL", &dev.database_url)
        .env("STRIPE_SECRET_KEY", "sk_test_bench_speaks_to_nobody")
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| format!("{}: build it, or say where it is: --souk", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "souk {}: {said}{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    eprintln!("{}", said.trim());
    Ok(())
}

/// Takes the column away again, store by store, and all record of it.
async fn undo(database: &Database) -> anyhow::Result<()> {
    let script = format!(
        "do $$ declare s text; begin
             for s in select table_schema from information_schema.columns
                      where column_name = 'bench_note' and table_schema ~ '^t_[0-9a-f]{{32}}$' loop
                 execute format('alter table %I.settings drop column bench_note', s);
                 execute format('delete from %I._migrations where version = {VERSION}', s);
                 commit;
             end loop;
         end $$;
         update landlord.tenants set schema_version = null where schema_version = {VERSION};
         update landlord.spare_schemas set version = 0 where version = {VERSION};"
    );
    database.run(&script).await.map(drop)
}
