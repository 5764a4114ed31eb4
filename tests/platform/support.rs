//! What the tests of the platform share.

use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand::rngs::StdRng;
use server::config::Environment;
use souk_tests::{Store, settings};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, PgPool, Row};

/// A random source whose seed is printed; `SEED` in the environment repeats a run.
pub fn random() -> StdRng {
    let given = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    let seed: u64 = given.unwrap_or_else(rand::random);
    println!("repeat with SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All Rust files under a folder, in order.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// One text for everything that a store's schema holds, and for what is noted about it outside.
pub async fn checksum(store: &Store<'_>) -> String {
    let tables = store
        .rows(&format!(
            "select table_name::text from information_schema.tables where table_schema = '{}' order by 1",
            store.id.schema()
        ))
        .await;
    let mut sums = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        let sum = format!("select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t");
        sums.push(format!("{table} {}", store.rows(&sum).await[0].get::<String, _>(0)));
    }
    for table in ["souk.outbox", "souk.jobs"] {
        let sum = format!(
            "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t where tenant_id = '{}'",
            store.id
        );
        sums.push(format!("{table} {}", store.rows(&sum).await[0].get::<String, _>(0)));
    }
    assert!(sums.len() > 20, "a store has more tables than {sums:?}");
    sums.join("\n")
}

/// Settings for a database of a test's own on the shared server, and a way to see everything in it.
pub async fn own_database() -> (Environment, PgPool) {
    let superuser: PgConnectOptions = std::env::var("TEST_SUPERUSER_URL").unwrap().parse().unwrap();
    let name = format!("souk_tests_{:08x}", rand::random::<u32>());
    let pool = PgPool::connect_with(superuser.clone()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("create database {name} owner souk_admin"))).execute(&pool).await.unwrap();
    let mut environment = settings();
    for variable in ["DATABASE_URL", "DATABASE_ADMIN_URL"] {
        let url = environment.get(variable).unwrap().to_owned();
        let (place, rest) = url.rsplit_once('/').unwrap();
        let options = rest.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
        environment.set(variable, format!("{place}/{name}{options}"));
    }
    (environment, PgPool::connect_with(superuser.database(&name)).await.unwrap())
}
