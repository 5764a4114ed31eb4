//! The floor: what PostgreSQL does on this machine when `pgbench` runs a hand-written script that writes the rows of an
//! order, one order a transaction, without HTTP, without validation and without gap-free numbers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::database::Database;
use crate::rows;
use crate::watch::Watched;

const SCRIPT: &str = include_str!("floor/order.sql");

/// What is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    pub stores: usize,
    /// Every order takes the same three variants.
    pub hot: bool,
    pub seconds: u64,
    /// The product's own tables, with all their constraints and indexes.
    pub migrations: PathBuf,
}

/// What was found.
#[derive(Debug)]
pub struct Floor {
    /// Orders per second: the best of 8 and 16 clients.
    pub rate: f64,
    pub lines: Vec<String>,
    /// What each order inserted and updated, by table.
    pub rows: BTreeMap<String, [f64; 2]>,
}

/// Makes the tables where they are missing, then measures.
pub async fn measure(database: &Database, watched: Watched, plan: &Plan) -> anyhow::Result<Floor> {
    prepare(database, plan).await?;
    let script = std::env::temp_dir().join(format!("souk-floor-{}.sql", std::process::id()));
    std::fs::write(&script, SCRIPT)?;
    let mut floor = Floor { rate: 0.0, lines: Vec::new(), rows: BTreeMap::new() };
    let schemas = "^floor(_[0-9]+)?$";
    let (rows, mut orders) = (rows::written(database, schemas).await?, 0);
    for clients in [8, 16] {
        let warm = clients == 8;
        if warm {
            orders += bench(database, plan, &script, clients, 3).await?.orders;
        }
        let (before, started) = (watched.used(), Instant::now());
        let Pace { rate, latency, orders: more } = bench(database, plan, &script, clients, plan.seconds).await?;
        let cores = watched.used().postgres_cores(before, started.elapsed());
        floor.lines.push(format!(
            "{rate:.0}/s with {clients} pgbench clients, {latency} ms on average, PostgreSQL {cores:.2} cores"
        ));
        floor.rate = floor.rate.max(rate);
        orders += more;
    }
    floor.rows = rows::written(database, schemas).await?.per_order(&rows, orders);
    std::fs::remove_file(script)?;
    Ok(floor)
}

struct Pace {
    rate: f64,
    latency: String,
    orders: usize,
}

async fn bench(
    database: &Database,
    plan: &Plan,
    script: &std::path::Path,
    clients: u32,
    seconds: u64,
) -> anyhow::Result<Pace> {
    let ranges = if plan.hot { [(1, 1), (2, 2), (3, 3)] } else { [(1, 33), (34, 66), (67, 100)] };
    let mut arguments: Vec<String> = ["-n", "-M", "prepared", "-j", "2", "--max-tries", "5"].map(String::from).into();
    arguments.extend(["-c".into(), clients.to_string(), "-T".into(), seconds.to_string()]);
    arguments.extend(["-f".into(), script.display().to_string(), "-D".into(), format!("stores={}", plan.stores)]);
    for (name, (from, to)) in ["a", "b", "c"].iter().zip(ranges) {
        arguments.extend(["-D".into(), format!("{name}_from={from}"), "-D".into(), format!("{name}_to={to}")]);
    }
    let text = database.pgbench(&arguments).await?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let failed = value("number of failed transactions:").unwrap_or("0 ");
    ensure!(failed.starts_with("0 "), "pgbench: {failed} transactions failed\n{text}");
    let rate = value("tps =").and_then(|rest| rest.split(' ').next()).context("pgbench printed no tps")?;
    let latency = value("latency average =").unwrap_or("? ms").trim_end_matches(" ms").to_owned();
    let orders =
        value("number of transactions actually processed:").and_then(|text| text.split('/').next()).unwrap_or("0");
    Ok(Pace { rate: rate.parse()?, latency, orders: orders.trim().parse()? })
}

/// Schemas `floor_1` … as a store's, with a hundred variants, and carts enough for the run.
async fn prepare(database: &Database, plan: &Plan) -> anyhow::Result<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(&plan.migrations)
        .with_context(|| format!("{}: the floor's tables are made of the migrations", plan.migrations.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    let tables: String = files.iter().map(std::fs::read_to_string).collect::<Result<_, _>>()?;
    database.run(SHARED).await?;
    let carts = (400_000 / plan.stores).max(400);
    let present = database.number("select count(*) from pg_namespace where nspname ~ '^floor_[0-9]+$'").await?;
    let present = usize::try_from(present)?;
    for first in (present + 1..=plan.stores).step_by(20) {
        let mut script = String::new();
        for n in first..(first + 20).min(plan.stores + 1) {
            write!(script, "begin;\ncreate schema floor_{n};\nset local search_path to floor_{n};\n{tables}\n")?;
            script.push_str(GOODS);
        }
        database.run(&script).await?;
        eprintln!("{} of {} schemas of the floor made", (first + 19).min(plan.stores), plan.stores);
    }
    // Each run uses carts up; those of one store are used by one order after the other.
    let mut script = String::new();
    for n in 1..=plan.stores {
        script.push_str(&CARTS.replace("SCHEMA", &format!("floor_{n}")).replace("COUNT", &carts.to_string()));
    }
    database.run(&script).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// What all schemas of the floor share. Ids ascend, as those of the product do.
const SHARED: &str = "
set client_min_messages = warning;
create schema if not exists floor;
create or replace function floor.id(kind bigint, n bigint) returns uuid language sql immutable parallel safe
    as $$ select ('00000000-0000-7000-' || lpad(to_hex(32768 + kind), 4, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid $$;
create table if not exists floor.outbox (like souk.outbox including all);
truncate floor.outbox;
";

const GOODS: &str = "
insert into products (id, handle, title, status, lowest_price_minor) values (floor.id(5, 1), 'bench', 'Bench', 'active', 1000);
insert into variants (id, product_id, sku, title, price_minor, position)
    select floor.id(2, n), floor.id(5, 1), 'BENCH-' || n, 'Size ' || n, 1000 + n, n from generate_series(1, 100) as n;
insert into stock_levels (variant_id, on_hand) select id, 1000000000 from variants;
create sequence floor_orders start 1001;
create sequence floor_carts start 1001;
commit;
";

/// So many carts that nobody has bought yet.
const CARTS: &str = "
begin;
set local search_path to SCHEMA;
with wanted as (
    select greatest(0, COUNT - ((select last_value from floor_carts) - (select last_value from floor_orders))) as n
), ids as (
    select nextval('floor_carts') as k from wanted, generate_series(1, wanted.n)
), made as (
    insert into carts (id, currency) select floor.id(1, k), 'EUR' from ids returning id
)
insert into cart_items (id, cart_id, variant_id, quantity)
select floor.id(8, 3 * k + line), floor.id(1, k), floor.id(2, line + 1), 1 from ids, generate_series(0, 2) as line;
analyze carts; analyze cart_items;
commit;
";
