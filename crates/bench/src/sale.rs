//! Orders per second, and how long a shopper waits.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::database::{Database, Programs};
use crate::dev::{Dev, DevOptions};
use crate::floor::{self, Floor};
use crate::load::{self, Run};
use crate::prepare::{self, Cart, Shelf};
use crate::rows;
use crate::verify;
use crate::watch::Watched;
use crate::{cart, disk, journey};

/// What is bought where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// One store, three of a hundred variants an order.
    One,
    /// One store, the same three variants in every order.
    Hot,
    /// Many stores, evenly.
    Many,
    /// Put things into carts of a store with promotions and taxes.
    Cart,
    /// Browse, fill a cart with three lines, check out by card, pay, see the order paid.
    Journey,
}

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    dev: DevOptions,
    #[command(flatten)]
    programs: Programs,
    /// What is bought where.
    #[arg(long, value_enum)]
    case: Case,
    /// Shoppers at once; each sends its next request when the last was answered.
    #[arg(long, default_value_t = 64)]
    shoppers: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Stores of the case `many`.
    #[arg(long, default_value_t = 1000)]
    stores: usize,
    /// Carts that are filled before the clock starts; a run ends early when they are used up.
    #[arg(long, default_value_t = 40_000)]
    carts: usize,
    /// Automatic promotions of the case `cart`.
    #[arg(long, default_value_t = 20)]
    promotions: usize,
    /// Keep the opened stores in this file, or use those that it names.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Measure beside it what PostgreSQL does when a hand-written script writes the same rows, one order a transaction.
    #[arg(long)]
    floor: bool,
    /// The migrations that the floor's tables are made of.
    #[arg(long, default_value = "migrations/tenant")]
    migrations: PathBuf,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let dev = options.dev.read()?;
    let database = Database::new(&dev.database_url, &options.programs);
    let port = dev.address().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80);
    let watched = Watched::find(port, database.port())?;
    println!("{}", settings(&database, watched).await?);
    if options.case == Case::Journey {
        return journey::run(&dev, &database, watched, &options.load()).await;
    }
    if options.case == Case::Cart {
        return cart::run(&dev, watched, options.promotions, &options.load()).await;
    }
    let shelf = shelf(&options, &dev).await?;
    // The floor first: its dead rows are vacuumed while carts are filled.
    let floor = match options.floor {
        true => Some(floor::measure(&database, watched, &options.floor_plan()).await?),
        false => None,
    };
    let carts = prepare::fill_carts(&dev, &shelf, options.carts, options.shoppers).await?;
    let before = verify::state(&database, &shelf).await?;
    // Other stores of the platform rest meanwhile.
    let schemas = "^(souk|t_[0-9a-f]{32})$";
    let rows = rows::written(&database, schemas).await?;
    eprintln!("{} carts are filled; {} s of warm-up, then {} s", carts.len(), options.warm_up, options.seconds);
    let run = load::checkouts(&dev, watched, &shelf, carts, &options.load()).await?;
    report(&options, &run, floor.as_ref());
    let rows = rows::written(&database, schemas).await?.per_order(&rows, run.acknowledged.len());
    println!("  rows     an order of Souk, with what follows in the background: {}", rows::line(&rows));
    if let Some(floor) = &floor {
        println!("  rows     an order of the floor: {}", rows::line(&floor.rows));
    }
    println!("  memory   {}", watched.memory());
    println!("  checked  {}", verify::compare(&database, &shelf, &before, &run).await?);
    if options.case == Case::Hot {
        println!("  sold out {}", last_units(&dev, &database, watched, &shelf, &options).await?);
    }
    Ok(())
}

impl Options {
    fn load(&self) -> load::Plan {
        load::Plan {
            shoppers: self.shoppers,
            warm_up: Duration::from_secs(self.warm_up),
            measured: Duration::from_secs(self.seconds),
        }
    }

    fn floor_plan(&self) -> floor::Plan {
        floor::Plan {
            stores: self.store_count(),
            hot: self.case != Case::One,
            seconds: self.seconds,
            migrations: self.migrations.clone(),
        }
    }

    fn store_count(&self) -> usize {
        if self.case == Case::Many { self.stores } else { 1 }
    }
}

/// The stores to buy in.
async fn shelf(options: &Options, dev: &Dev) -> anyhow::Result<Vec<Shelf>> {
    let variants = if options.case == Case::One { 100 } else { 3 };
    if let Some(kept) = options.keep.as_deref().filter(|file| file.exists()) {
        return prepare::kept(kept, options.store_count(), variants);
    }
    let shelf = prepare::open_stores(dev, options.store_count(), variants).await?;
    if let Some(file) = &options.keep {
        std::fs::write(file, serde_json::to_vec(&shelf)?)?;
    }
    Ok(shelf)
}

/// What the figures depend on.
async fn settings(database: &Database, watched: Watched) -> anyhow::Result<String> {
    let names = "('fsync','synchronous_commit','full_page_writes','shared_buffers','max_wal_size')";
    let query = format!(
        "select 'PostgreSQL ' || current_setting('server_version') || ', ' || string_agg(name || ' ' || current_setting(name), ', ')
         from pg_settings where name in {names}"
    );
    let flush = disk::flush_time(&watched.database_directory());
    Ok(format!("{}\nflush (fdatasync of 8 kB) {flush}", database.run(&query).await?.trim()))
}

fn report(options: &Options, run: &Run, floor: Option<&Floor>) {
    let case = options.case.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    println!(
        "{case}: {} shoppers, {} stores, {:.1} s",
        options.shoppers,
        options.store_count(),
        run.wall.as_secs_f64()
    );
    println!("  orders   {:.0}/s  {}  errors {}", run.rate(), run.figures.line(), run.errors.len());
    println!("  cpu      {}", run.cpu);
    for (error, count) in run.error_kinds() {
        println!("  error    {count} × {error}");
    }
    if let Some(floor) = floor {
        for line in &floor.lines {
            println!("  floor    {line}");
        }
        println!("  ratio    {:.2} × the floor", run.rate() / floor.rate);
    }
}

/// Twice as many shoppers as there are goods: all goods are sold, and not one more.
async fn last_units(
    dev: &Dev,
    database: &Database,
    watched: Watched,
    shelf: &[Shelf],
    options: &Options,
) -> anyhow::Result<String> {
    const LEFT: usize = 1000;
    let carts: Vec<Cart> = prepare::fill_carts(dev, shelf, 2 * LEFT, options.shoppers).await?;
    prepare::leave(database, &shelf[0], LEFT).await?;
    let plan = load::Plan { warm_up: Duration::ZERO, measured: Duration::from_secs(120), ..options.load() };
    let run = load::checkouts(dev, watched, shelf, carts, &plan).await?;
    let over = database
        .number(&format!("select count(*) from {}.stock_levels where reserved > on_hand", shelf[0].schema))
        .await?;
    let refused = run.errors.iter().filter(|error| error.contains("stock.insufficient")).count();
    anyhow::ensure!(
        run.acknowledged.len() == LEFT && refused == LEFT && over == 0,
        "{} sold of {LEFT}, {refused} refused, {over} oversold",
        run.acknowledged.len()
    );
    Ok(format!("{LEFT} left, {} asked: {} sold, {refused} refused, none oversold", 2 * LEFT, run.acknowledged.len()))
}
