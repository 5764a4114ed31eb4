//! What the platform needs goes away for a while: Redis, which it can do without, and PostgreSQL, which it cannot.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use kernel::origin::Origin;
use landlord::plans::{self, Override};
use serde_json::json;
use server::dev::redis::Redis;
use souk_tests::{Platform, Store, assert_consistent, card, key, settings, unique};
use sqlx::AssertSqlSafe;

async fn with_redis(url: &str) -> Platform {
    let mut environment = settings();
    environment.set("REDIS_URL", url);
    Platform::start_with(environment).await
}

/// A Redis of this test's own.
async fn redis() -> Redis {
    let folder = std::env::temp_dir().join(unique("souk-tests-redis"));
    std::fs::create_dir_all(&folder).unwrap();
    Redis::start(&folder).await.unwrap()
}

/// Limits a store to so many products; every node forgets what it knew of the store.
async fn limit(store: &Store<'_>, products: i64) {
    let mut tx = store.platform.souk.landlord.db.begin().await.unwrap();
    let to = Override { enabled: true, limit: Some(products), expires_at: None };
    plans::set_override(&mut tx, &Origin::system(), store.id, "max_products", &to).await.unwrap();
    tx.commit().await.unwrap();
}

/// The store's limit is what it was set to last, however often it changes; nothing ever fails.
async fn assert_limits_are_right(store: &Store<'_>, rounds: i64) {
    let product = || json!({ "title": unique("P"), "variants": [{ "sku": unique("S"), "price_minor": 1 }] });
    for _ in 0..rounds {
        let there = store.count("select count(*) from products where deleted_at is null").await;
        limit(store, there + 1).await;
        let mut last = store.admin_post("/products", product()).await;
        for _ in 0..100 {
            assert!(last.status < 500, "{}", last.text);
            if last.status == 201 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            last = store.admin_post("/products", product()).await;
        }
        last.expect(201);
        store.admin_post("/products", product()).await.problem(403, "limit.reached");
        store.get("/api/v1/products").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_was_never_there_is_not_missed() {
    let platform = with_redis("redis://127.0.0.1:1/").await;
    let store = platform.open_store_on("starter").await;
    assert_limits_are_right(&store, 3).await;
    let variant = store.sell_within_limit().await;
    store.buy(&[(&variant, 1)]).await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_dies_is_not_missed() {
    let mut redis = redis().await;
    let platform = with_redis(&redis.url()).await;
    let store = platform.open_store_on("starter").await;
    assert_limits_are_right(&store, 2).await;
    assert!(remembered(&redis).await > 0, "it was in use");
    redis.stop().unwrap();
    assert_limits_are_right(&store, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_not_waited_for() {
    let redis = redis().await;
    let platform = with_redis(&redis.url()).await;
    let store = platform.open_store_on("starter").await;
    assert_limits_are_right(&store, 2).await;
    let stopped = Stopped::new(process_of(&redis).await);
    assert_limits_are_right(&store, 3).await;
    drop(stopped);
    assert_limits_are_right(&store, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_forgets_or_lies_changes_nothing() {
    let redis = redis().await;
    let platform = with_redis(&redis.url()).await;
    let store = platform.open_store_on("starter").await;
    let mut connection = connection(&redis).await;
    for round in 0..6 {
        assert_limits_are_right(&store, 1).await;
        if round % 2 == 0 {
            redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
        } else {
            // Nonsense under every key that it may look for next.
            let version = store.count(&format!("select version from landlord.tenants where id = '{}'", store.id)).await;
            for version in version..version + 4 {
                let key = format!("tenant:{}:features:{version}", store.id);
                redis::cmd("SET").arg(key).arg("{nonsense").query_async::<()>(&mut connection).await.unwrap();
            }
        }
    }
}

async fn connection(redis: &Redis) -> redis::aio::MultiplexedConnection {
    redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn remembered(redis: &Redis) -> i64 {
    redis::cmd("DBSIZE").query_async(&mut connection(redis).await).await.unwrap()
}

async fn process_of(redis: &Redis) -> String {
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection(redis).await).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
    line.trim().to_owned()
}

/// A process that does not move until this is dropped.
struct Stopped(String);

impl Stopped {
    fn new(process: String) -> Self {
        signal("-STOP", &process);
        Self(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args([name, process]).status().unwrap().success());
}

trait Sell {
    async fn sell_within_limit(&self) -> souk_tests::Variant;
}

impl Sell for Store<'_> {
    async fn sell_within_limit(&self) -> souk_tests::Variant {
        limit(self, 1000).await;
        for _ in 0..100 {
            if self
                .admin_post(
                    "/products",
                    json!({ "title": "P", "variants": [{ "sku": unique("S"), "price_minor": 1 }] }),
                )
                .await
                .status
                == 201
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.sell(500, 10).await
    }
}

/// A platform whose connections to PostgreSQL can be told from all others: its login is its own.
async fn with_own_login(login: &str) -> Platform {
    let superuser = sqlx::PgPool::connect(&std::env::var("TEST_SUPERUSER_URL").unwrap()).await.unwrap();
    let url = std::env::var("TEST_DATABASE_URL").unwrap();
    let usual = url.split("://").nth(1).unwrap().split([':', '@']).next().unwrap();
    let make = format!(
        "create role {login} login noinherit password '{login}' in role {usual}; grant {login} to souk_admin with admin option"
    );
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&superuser).await.unwrap();
    let mut environment = settings();
    let (_, place) = url.rsplit_once('@').unwrap();
    environment.set("DATABASE_URL", format!("postgres://{login}:{login}@{place}"));
    environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "6");
    Platform::start_with(environment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_cost_a_503_and_no_more() {
    let login = format!("app_{:08x}", rand::random::<u32>());
    let platform = with_own_login(&login).await;
    let store = platform.open_store().await;
    let variant = store.sell(100, 100_000).await;
    let (acknowledged, unknown) = (AtomicI64::new(0), AtomicI64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let cut = format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '{login}'");
    let cutting = async {
        let mut ended = 0;
        for _ in 0..20 {
            ended +=
                sqlx::query_scalar::<_, i64>(AssertSqlSafe(cut.clone())).fetch_one(&platform.database).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        over.store(true, Ordering::Relaxed);
        ended
    };
    let working = join_all((0..6).map(async |worker| {
        let mut busy = 0;
        while !over.load(Ordering::Relaxed) {
            let answer = match worker % 3 {
                0 => store.get("/api/v1/products").await,
                1 => store.adjust(&variant.id, 1).await,
                _ => platform.get("/api/v1/plans").await,
            };
            match answer.status {
                200 => acknowledged.fetch_add(i64::from(worker % 3 == 1), Ordering::Relaxed),
                503 => {
                    assert_eq!(answer.code(), "unavailable", "{}", answer.text);
                    assert!(answer.header("retry-after").is_some());
                    busy += 1;
                    unknown.fetch_add(i64::from(worker % 3 == 1), Ordering::Relaxed)
                }
                _ => panic!("{} {}", answer.status, answer.text),
            };
        }
        busy
    }));
    let (ended, busy) = tokio::join!(cutting, working);
    let busy: i32 = busy.iter().sum();
    println!("{ended} connections cut, {busy} times 503, {} writes acknowledged", acknowledged.load(Ordering::Relaxed));
    assert!(ended >= 10 && busy > 0, "nothing was cut: {ended}, {busy}");

    // Those connections that are cut and not yet found out cost one request each, and then all is well.
    let mut late = 0;
    for _ in 0..100 {
        late += i32::from(store.get("/api/v1/products").await.status != 200);
    }
    assert!(late <= 6, "{late} requests failed after the end");
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    let written = store.count("select count(*) from stock_movements where reason = 'test' and delta_on_hand = 1").await;
    let (acknowledged, unknown) = (acknowledged.into_inner(), unknown.into_inner());
    assert!(
        (acknowledged..=acknowledged + unknown).contains(&written),
        "{acknowledged} acknowledged, {written} written"
    );
    assert_consistent(&store).await;
}
