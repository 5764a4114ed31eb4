//! Stores live in several databases: each is placed, served and worked for where it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kernel::origin::Origin;
use landlord::clusters;
use server::config::Environment;
use server::dev::postgres::{Cluster, Durability};
use server::doctor::{self, Wanted};
use souk_tests::{Platform, Store, assert_consistent, unique};
use sqlx::PgPool;

use crate::support::own_database;

/// A platform of its own with a second database for stores, `east`, on the same server.
pub(crate) async fn two_clusters() -> (Environment, PgPool, PgPool) {
    let (mut environment, main) = own_database().await;
    let (other, east) = own_database().await;
    environment.set("SOUK__CLUSTERS__EAST__DATABASE_URL", other.get("DATABASE_URL").unwrap());
    environment.set("SOUK__CLUSTERS__EAST__ADMIN_URL", other.get("DATABASE_ADMIN_URL").unwrap());
    (environment, main, east)
}

pub(crate) async fn cluster_of(store: &Store<'_>, main: &PgPool) -> String {
    let query = sqlx::query_scalar("select cluster from landlord.tenants where id = $1").bind(store.id.0);
    query.fetch_one(main).await.unwrap()
}

async fn has_schema(pool: &PgPool, store: &Store<'_>) -> bool {
    let query = sqlx::query_scalar("select to_regnamespace($1) is not null").bind(store.id.schema());
    query.fetch_one(pool).await.unwrap()
}

/// Sells something in it, and has all work done.
async fn trade(store: &Store<'_>) {
    let variant = store.sell(100, 10).await;
    store.buy(&[(&variant, 2)]).await;
    let paid = store.order(&[(&variant, 1)]).await;
    store.get(&format!("/api/v1/products/{}", variant.product)).await.expect(200);
    assert!(!paid.order.is_empty());
    let worker = store.platform.worker();
    for _ in 0..50 {
        if worker.jobs().await.unwrap() + worker.news().await.unwrap() == 0 {
            break;
        }
    }
    assert_consistent(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_are_shared_out_by_weight_and_trade_where_they_are() {
    let (mut environment, main, east) = two_clusters().await;
    environment.set("SOUK__CLUSTERS__EAST__WEIGHT", "2");
    let platform = Platform::start_with(environment).await;
    platform.souk.worker().platform().await.unwrap();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut stores = Vec::new();
    for _ in 0..6 {
        let store = platform.open_store().await;
        let place = cluster_of(&store, &main).await;
        let (here, there) = (has_schema(&main, &store).await, has_schema(&east, &store).await);
        assert_eq!((here, there), (place == "main", place == "east"), "{place}");
        *places.entry(place).or_default() += 1;
        stores.push(store);
    }
    assert_eq!(places, BTreeMap::from([("east".to_owned(), 4), ("main".to_owned(), 2)]));
    for store in &stores {
        trade(store).await;
    }
    // Each has its own spare schemas.
    platform.souk.worker().platform().await.unwrap();
    let spares = sqlx::query_scalar::<_, i64>("select count(distinct cluster) from landlord.spare_schemas");
    assert_eq!(spares.fetch_one(&main).await.unwrap(), 2);
    // Nothing is missing, and nothing lies where it should not.
    let found = doctor::examine(&platform.souk, Wanted { only: None, repair: false }, |_| {}).await.unwrap();
    assert!(found.findings.iter().all(|finding| finding.code == "outbox.late"), "{:?}", found.findings);
    assert_eq!(found.stores, 6);
    platform.souk.worker().sweep().await.unwrap();
    let status = platform.souk.fleet().status(platform.clock.now()).await.unwrap();
    assert!(status.is_good() && status.current == 6, "{status:?}");
    assert_eq!(status.clusters.iter().map(|cluster| cluster.stores).sum::<usize>(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_for_a_plan_takes_its_stores_and_no_others_and_one_that_drains_takes_none() {
    let (mut environment, main, _) = two_clusters().await;
    environment.set("SOUK__CLUSTERS__EAST__PLANS", "[scale]");
    let platform = Platform::start_with(environment).await;
    let place = async |plan: &str| cluster_of(&platform.open_store_on(plan).await, &main).await;
    assert_eq!([place("scale").await, place("scale").await, place("starter").await], ["east", "east", "main"]);
    let drain = async |id: &str, draining: bool| {
        let mut tx = platform.souk.landlord.db.begin().await.unwrap();
        clusters::drain(&mut tx, &Origin::system(), id, draining).await.unwrap();
        tx.commit().await.unwrap();
    };
    drain("east", true).await;
    assert_eq!(place("scale").await, "main");
    drain("main", true).await;
    let slug = unique("nowhere");
    let body = serde_json::json!({
        "email": format!("{slug}@merchants.example.com"), "password": "correct horse battery",
        "store_name": "A shop", "slug": slug, "plan": "scale", "currency": "EUR",
    });
    let answer = platform.post("/api/v1/signup", &body).await.problem(503, "tenant.no_cluster");
    assert!(answer.header("retry-after").is_some());
    drain("east", false).await;
    assert_eq!(place("scale").await, "east");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_landlord_and_all_stores_may_be_on_different_servers() {
    let (mut environment, landlord) = own_database().await;
    let (other, stores) = own_database().await;
    environment.set("SOUK__CLUSTERS__MAIN__DATABASE_URL", other.get("DATABASE_URL").unwrap());
    environment.set("SOUK__CLUSTERS__MAIN__ADMIN_URL", other.get("DATABASE_ADMIN_URL").unwrap());
    let platform = Platform::start_with(environment).await;
    let store = platform.open_store().await;
    assert!(has_schema(&stores, &store).await && !has_schema(&landlord, &store).await);
    trade(&store).await;
    for (pool, schema, there) in [
        (&landlord, "landlord", true),
        (&landlord, "souk", false),
        (&stores, "landlord", false),
        (&stores, "souk", true),
    ] {
        let found: bool =
            sqlx::query_scalar("select to_regnamespace($1) is not null").bind(schema).fetch_one(pool).await.unwrap();
        assert_eq!(found, there, "{schema}");
    }
}

/// The server again, at the port where it was: others on this machine may have taken it for a moment.
async fn again(folder: &Path, port: u16) -> Cluster {
    for _ in 0..50 {
        let server = Cluster::start(folder, Durability::Off).await.unwrap();
        if server.port() == port {
            return server;
        }
        server.stop().unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("somebody keeps port {port}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_takes_only_its_own_stores_along() {
    let folder = std::env::temp_dir().join(unique("souk-tests-east"));
    std::fs::create_dir_all(&folder).unwrap();
    let server = Cluster::start(&folder, Durability::Off).await.unwrap();
    let (mut environment, main) = own_database().await;
    environment.set("SOUK__CLUSTERS__EAST__DATABASE_URL", server.app_url());
    environment.set("SOUK__CLUSTERS__EAST__ADMIN_URL", server.admin_url());
    environment.set("SOUK__DATABASE__ACQUIRE_TIMEOUT_MS", "1500");
    let platform = Platform::start_with(environment).await;
    let (mut here, mut there) = (None, None);
    while here.is_none() || there.is_none() {
        let store = platform.open_store().await;
        if cluster_of(&store, &main).await == "east" { there = Some(store) } else { here = Some(store) }
    }
    let (here, there) = (here.unwrap(), there.unwrap());
    trade(&here).await;
    trade(&there).await;

    let stop = tokio_util::sync::CancellationToken::new();
    let working = tokio::spawn(platform.worker().run(stop.clone()));
    server.stop().unwrap();
    let answer = there.get("/api/v1/products").await.problem(503, "unavailable");
    assert!(answer.header("retry-after").is_some());
    let variant = here.sell(100, 100).await;
    for _ in 0..5 {
        let bought = here.order(&[(&variant, 1)]).await;
        // The worker hands the news on, though it cannot reach the other cluster.
        assert!(!bought.order.is_empty());
    }
    platform.get("/health/ready").await.expect(200);
    let unseen = async || {
        let query = "select count(*) from landlord.clusters where id = 'east' and down_since is not null";
        sqlx::query_scalar::<_, i64>(query).fetch_one(&main).await.unwrap()
    };
    let untold =
        async || sqlx::query_scalar::<_, i64>("select count(*) from souk.outbox").fetch_one(&main).await.unwrap();
    for _ in 0..300 {
        if unseen().await == 1 && untold().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((unseen().await, untold().await), (1, 0), "it was noticed, and work went on");
    let health = platform.get("/health/clusters").await.expect(200);
    assert_eq!((health.str("/clusters/0/id"), health.str("/clusters/1/id")), ("east".to_owned(), "main".to_owned()));
    assert_eq!(
        (health.str("/clusters/0/status"), health.str("/clusters/1/status")),
        ("away".to_owned(), "up".to_owned())
    );
    let found = doctor::examine(&platform.souk, Wanted { only: None, repair: false }, |_| {}).await.unwrap();
    let codes: Vec<&str> = found.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(codes.contains(&"clusters.away"), "{codes:?}");
    // New stores go where they can be made, and a fleet is looked at as far as it is there.
    assert_eq!(cluster_of(&platform.open_store().await, &main).await, "main");
    let status = platform.souk.fleet().status(platform.clock.now()).await.unwrap();
    assert!(!status.is_good() && status.clusters.iter().any(|cluster| cluster.id == "east" && cluster.error.is_some()));
    // A server that starts meanwhile serves the others.
    platform.souk.migrate().await.unwrap();

    let server = again(&folder, server.port()).await;
    for _ in 0..100 {
        if there.get("/api/v1/products").await.status == 200 && unseen().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    there.get("/api/v1/products").await.expect(200);
    trade(&there).await;
    stop.cancel();
    working.await.unwrap();
    server.destroy().unwrap();
}
