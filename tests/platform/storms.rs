//! Redis and PostgreSQL die, hang, forget and come back while shoppers buy.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use server::dev::postgres::{Cluster, Durability};
use server::dev::redis::Redis;
use souk_tests::{Answer, Platform, Store, Variant, assert_consistent, card, cash, key, settings, unique};

const SHOPPERS: usize = 12;

/// What shoppers were told.
#[derive(Debug, Default)]
struct Told {
    /// Orders that were acknowledged.
    orders: Vec<String>,
    /// Answers by status; 0: there was none.
    statuses: BTreeMap<u16, usize>,
    /// Of all but successes.
    last: Option<Value>,
}

impl Told {
    fn note(&mut self, answer: Option<&Answer>) {
        *self.statuses.entry(answer.map_or(0, |answer| answer.status)).or_default() += 1;
        if let Some(answer) = answer.filter(|answer| answer.status >= 400) {
            self.last = Some(answer.body.clone());
        }
    }

    fn count(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}

/// Buys until told to stop, by card and for cash in turn; a request that fails is sent again with its key, as a good
/// client does.
async fn shop(store: &Store<'_>, variant: &Variant, stop: &AtomicBool) -> Told {
    let mut told = Told::default();
    let mut by_card = false;
    while !stop.load(Ordering::Relaxed) {
        by_card = !by_card;
        let items = json!({ "items": [{ "variant_id": variant.id, "quantity": 1 }] });
        let Some(cart) =
            until_answered(&mut told, stop, || store.request(Method::POST, "/api/v1/carts").json(&items)).await
        else {
            break;
        };
        let cart = souk_tests::Cart { id: cart.str("/id"), token: cart.str("/token") };
        let (once, body) = (key(), if by_card { card(&cart) } else { cash(&cart) });
        let bought = until_answered(&mut told, stop, || {
            let request = store.request(Method::POST, "/api/v1/checkouts").json(&body);
            request.header("cart-token", &cart.token).header("idempotency-key", &once)
        });
        let Some(bought) = bought.await else { break };
        told.orders.push(bought.str("/order/id"));
    }
    told
}

/// Sends again until there is a success; gives up only when told to stop.
async fn until_answered(
    told: &mut Told,
    stop: &AtomicBool,
    request: impl Fn() -> reqwest::RequestBuilder,
) -> Option<Answer> {
    let mut left: i32 = 200;
    while left > 0 {
        let answer = match request().send().await {
            Ok(response) => Some(Answer::of(response).await),
            Err(_) => None,
        };
        told.note(answer.as_ref());
        match answer {
            Some(answer) if answer.status < 300 => return Some(answer),
            Some(answer) if answer.status < 500 && answer.code() != "idempotency.in_progress" => {
                panic!("a purchase of what is there was refused: {}", answer.text)
            }
            Some(_) | None if stop.load(Ordering::Relaxed) => left -= 60,
            Some(_) | None => left -= 1,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}

/// Shoppers buy while `storm` rages.
async fn under_load(store: &Store<'_>, storm: impl Future<Output = ()>) -> Told {
    let variant = store.sell(100, 1_000_000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let shoppers = futures::future::join_all((0..SHOPPERS).map(|_| shop(store, &variant, &stop)));
    let rage = async {
        storm.await;
        stop.store(true, Ordering::Relaxed);
    };
    let (told, ()) = futures::join!(shoppers, rage);
    told.into_iter().fold(Told::default(), |mut all, one| {
        all.orders.extend(one.orders);
        one.statuses.into_iter().for_each(|(status, count)| *all.statuses.entry(status).or_default() += count);
        all.last = all.last.or(one.last);
        all
    })
}

async fn assert_all_are_there(store: &Store<'_>, told: &Told) {
    let there = store.rows("select id::text from orders").await;
    let there: std::collections::BTreeSet<String> = there.iter().map(|row| sqlx::Row::get(row, 0)).collect();
    let lost: Vec<_> = told.orders.iter().filter(|order| !there.contains(*order)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged orders are lost: {lost:?}", lost.len(), told.orders.len());
    let distinct: std::collections::BTreeSet<_> = told.orders.iter().collect();
    assert_eq!(distinct.len(), told.orders.len(), "one cart, one order");
}

fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

async fn redis_process(redis: &Redis) -> (u32, redis::aio::MultiplexedConnection) {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
    (line.trim().parse().unwrap(), connection)
}

async fn seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_forgets_and_dies_under_load_costs_nobody_an_order() {
    let folder = std::env::temp_dir().join(unique("souk-tests-redis"));
    std::fs::create_dir_all(&folder).unwrap();
    let redis = Redis::start(&folder).await.unwrap();
    let mut environment = settings();
    environment.set("REDIS_URL", redis.url());
    let platform = Platform::start_with(environment).await;
    let store = platform.open_store().await;
    let told = under_load(&store, async {
        let (process, mut connection) = redis_process(&redis).await;
        seconds(0.5).await;
        for _ in 0..5 {
            redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
            seconds(0.2).await;
        }
        signal("-STOP", process);
        seconds(1.5).await;
        signal("-CONT", process);
        seconds(0.5).await;
        signal("-KILL", process);
        seconds(1.0).await;
        let port = redis.url().trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
        let mut again = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        seconds(1.0).await;
        again.kill().unwrap();
        again.wait().unwrap();
        seconds(0.5).await;
    })
    .await;
    assert!(told.statuses.keys().all(|status| matches!(status, 200..300)), "{:?} {:?}", told.statuses, told.last);
    assert!(told.orders.len() > SHOPPERS, "only {} orders", told.orders.len());
    assert_all_are_there(&store, &told).await;
    platform.work().await;
    assert_consistent(&store).await;
    println!("{} orders: {:?}", told.orders.len(), told.statuses);
}

/// The postmaster's process, as it wrote it down.
fn postmaster(cluster: &Cluster) -> u32 {
    let text = std::fs::read_to_string(cluster.data().join("postmaster.pid")).unwrap();
    text.lines().next().unwrap().trim().parse().unwrap()
}

/// A PostgreSQL of this test's own, that keeps what was committed.
async fn own_postgres(folder: &Path) -> (Cluster, Platform) {
    std::fs::create_dir_all(folder).unwrap();
    let cluster = Cluster::start(folder, Durability::Full).await.unwrap();
    let mut environment = settings();
    environment.set("DATABASE_URL", cluster.app_url());
    environment.set("DATABASE_ADMIN_URL", cluster.admin_url());
    // As in production: whoever gets no connection is told so.
    environment.set("SOUK__DATABASE__ACQUIRE_TIMEOUT_MS", "1000");
    let platform = Platform::start_on(environment, &cluster.superuser_url()).await;
    (cluster, platform)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_killed_under_load_comes_back_with_every_acknowledged_order() {
    let folder = std::env::temp_dir().join(unique("souk-tests-postgres"));
    let (cluster, platform) = own_postgres(&folder).await;
    let store = platform.open_store().await;
    let store = &store;
    let folder = &folder;
    let told = under_load(store, async {
        for _ in 0..2 {
            seconds(1.5).await;
            signal("-KILL", postmaster(&cluster));
            seconds(1.5).await;
            let ready = platform.get("/health/ready").await;
            assert_eq!(ready.status, 503, "{}", ready.text);
            let again = Cluster::start(folder, Durability::Full).await.unwrap();
            assert_eq!(again.port(), cluster.port(), "it comes back where it was");
            let back = Instant::now();
            while platform.get("/health/ready").await.status != 200 || !sells(store).await {
                assert!(back.elapsed() < Duration::from_secs(5), "no recovery within five seconds");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            println!("sells again {} ms after PostgreSQL was back", back.elapsed().as_millis());
        }
        seconds(1.0).await;
    })
    .await;
    let allowed = |status: &u16| matches!(status, 0 | 200..300 | 409 | 503);
    assert!(told.statuses.keys().all(allowed), "{:?} {:?}", told.statuses, told.last);
    assert!(told.count(503) > 0, "it was away, and somebody noticed: {:?}", told.statuses);
    assert_all_are_there(store, &told).await;
    store.let_pass(1).await;
    platform.work().await;
    assert_consistent(store).await;
    println!("{} orders: {:?}", told.orders.len(), told.statuses);
    platform.stop();
    cluster.destroy().unwrap();
}

/// Can somebody buy?
async fn sells(store: &Store<'_>) -> bool {
    let request = store.request(Method::POST, "/api/v1/carts").json(&json!({}));
    matches!(request.send().await, Ok(response) if response.status() == 201)
}
