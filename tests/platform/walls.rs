//! The walls between stores inside the database, and the transactions that keep to them.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use kernel::db::TenantDb;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use souk_tests::{Platform, Store, key, settings, unique};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use crate::support::random;

/// The application's login, as it comes from its connection address.
async fn login() -> PgConnection {
    PgConnection::connect(&std::env::var("TEST_DATABASE_URL").unwrap()).await.unwrap()
}

/// What PostgreSQL calls the outcome of a statement: a code, or nothing when it went well.
async fn outcome(connection: &mut PgConnection, statement: &str) -> String {
    match sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await {
        Ok(_) => "done".to_owned(),
        Err(error) => error.as_database_error().and_then(|error| Some(error.code()?.into_owned())).unwrap_or_default(),
    }
}

const DENIED: &str = "42501";

#[tokio::test(flavor = "multi_thread")]
async fn the_login_by_itself_reads_no_store() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let schema = store.id.schema();
    let mut login = login().await;
    for statement in [
        format!("select * from {schema}.products"),
        format!("insert into {schema}.feed default values"),
        format!("delete from {schema}.orders"),
        format!("create table {schema}.mine (a int)"),
        format!("drop schema {schema} cascade"),
        format!("alter table {schema}.orders disable row level security"),
        "create schema mine".to_owned(),
        "create role mine".to_owned(),
        "create table public.mine (a int)".to_owned(),
    ] {
        assert_eq!(outcome(&mut login, &statement).await, DENIED, "{statement}");
    }
    let rights: (bool, bool, bool, bool) = sqlx::query_as(
        "select rolsuper, rolbypassrls, rolcreaterole, rolinherit from pg_roles where rolname = current_user",
    )
    .fetch_one(&mut login)
    .await
    .unwrap();
    assert_eq!(rights, (false, false, false, false));
    let owned: i64 = sqlx::query_scalar(
        "select count(*) from pg_class where relowner = (select oid from pg_roles where rolname = current_user)",
    )
    .fetch_one(&mut login)
    .await
    .unwrap();
    assert_eq!(owned, 0, "it owns nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stores_role_touches_no_other_schema() {
    let platform = Platform::start().await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (own, other) = (a.id.schema(), b.id.schema());
    let mut login = login().await;
    let mut as_a = async |statement: &str| {
        outcome(&mut login, &format!("begin; set local search_path to {own}; set local role {own}")).await;
        let outcome = outcome(&mut login, statement).await;
        sqlx::raw_sql("rollback").execute(&mut login).await.unwrap();
        outcome
    };
    for statement in ["select * from products", "update settings set low_stock_threshold = 1"] {
        assert_eq!(as_a(statement).await, "done", "{statement}");
    }
    let outbox = |tenant: &str| format!("insert into souk.outbox (tenant_id, positions) values ('{tenant}', '{{1}}')");
    let job = |tenant: &str| {
        format!(
            "insert into souk.jobs (tenant_id, kind, subject, run_at, request_id) values ('{tenant}', 'x', '{tenant}', now() + interval '1 year', 'x')"
        )
    };
    assert_eq!(as_a(&outbox(&a.id.to_string())).await, "done");
    assert_eq!(as_a(&job(&a.id.to_string())).await, "done");
    for statement in [
        format!("select * from {other}.products"),
        format!("select * from {other}.orders"),
        format!("set local search_path to {other}; select * from products"),
        format!("insert into {other}.feed default values"),
        "select * from landlord.accounts".to_owned(),
        "select * from landlord.tenants".to_owned(),
        "select * from souk.outbox".to_owned(),
        "select * from souk.jobs".to_owned(),
        "delete from souk.outbox".to_owned(),
        "update souk.jobs set run_at = now()".to_owned(),
        "select * from _migrations".to_owned(),
        "create table mine (a int)".to_owned(),
        "alter table products add column mine int".to_owned(),
        "drop table products".to_owned(),
        "truncate events".to_owned(),
        outbox(&b.id.to_string()),
        job(&b.id.to_string()),
    ] {
        let refused = as_a(&statement).await;
        let unseen = statement.starts_with("set local search_path") && refused == "42P01";
        assert!(refused == DENIED || unseen, "{statement}: {refused}");
    }
    // The wall stands between a forgotten scope and another store; who can run any statement as the login can change
    // roles, for PostgreSQL asks who logged in. Hence no text from outside ever becomes SQL.
    assert_eq!(as_a(&format!("set local role {other}; select * from {other}.products")).await, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_on_one_connection_never_see_each_other() {
    let mut environment = settings();
    // One for what the stores share, one for both stores.
    environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "2");
    environment.set("SOUK__DATABASE__LANES", "1");
    let platform = Platform::start_with(environment).await;
    let (a, b) = (platform.open_store().await, platform.open_store().await);
    let (of_a, of_b) = (a.sell(100, 10_000).await, b.sell(200, 10_000).await);
    let mut random = random();
    let plan: Vec<(bool, u32)> = (0..300).map(|_| (random.random(), random.random_range(0..5))).collect();
    let act = async |(first, what): (bool, u32)| {
        let (store, own, other) = if first { (&a, &of_a, &of_b) } else { (&b, &of_b, &of_a) };
        let answer = match what {
            0 => store.get("/api/v1/products").await.expect(200),
            1 => store.get(&format!("/api/v1/products/{}", own.product)).await.expect(200),
            2 => store.admin_get("/stock").await.expect(200),
            3 => store.adjust(&own.id, 1).await.expect(200),
            _ => {
                let cart = store.fill_cart(&[(own, 1)]).await;
                store.checkout(&cart, &key(), &souk_tests::cash(&cart)).await.expect(201)
            }
        };
        assert!(answer.text.contains(&own.sku) || answer.text.contains(&own.id), "{}", answer.text);
        assert!(!answer.text.contains(&other.sku) && !answer.text.contains(&other.id), "{}", answer.text);
    };
    for round in plan.chunks(20) {
        join_all(round.iter().map(|step| act(*step))).await;
    }
    let orders = |first: bool| plan.iter().filter(|step| step.0 == first && step.1 == 4).count();
    for (store, first) in [(&a, true), (&b, false)] {
        assert_eq!(store.count("select count(*) from orders").await, i64::try_from(orders(first)).unwrap());
        souk_tests::assert_consistent(store).await;
    }
}

/// Writes a row and commits; true once that is acknowledged.
async fn write(db: &TenantDb, name: &str) -> bool {
    let Ok(mut tx) = db.begin().await else { return false };
    let insert = "insert into usage_counters (feature, period, used) values ($1, '', 1)";
    sqlx::query(insert).bind(name).execute(tx.conn()).await.is_ok() && tx.commit().await.is_ok()
}

/// The same outside of any transaction: a connection that came back inside an open one loses it.
async fn write_at_once(pool: &PgPool, name: &str) -> bool {
    let insert = "insert into landlord.audit_log (actor, action, request_id) values ('{}', $1, 'test')";
    sqlx::query(insert).bind(name).execute(pool).await.is_ok()
}

/// Polls a future so many times and drops it.
async fn give_up_after(polls: usize, future: impl Future) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if future.as_mut().now_or_never().is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_while_a_transaction_opens_loses_no_write_of_others() {
    let mut environment = settings();
    environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "2");
    let platform = Platform::start_with(environment).await;
    let store = platform.open_store().await;
    let db = platform.cluster().tenant(store.id);
    let pool = &platform.souk.pools.app;
    let mut random = random();
    let (mut kept, run) = (0, unique("kept"));
    for round in 0..400 {
        // Nobody else is at it: what the one who leaves holds comes to the next as it was left.
        give_up_after(random.random_range(1..400), db.begin()).await;
        give_up_after(random.random_range(1..400), write(&db, &format!("perhaps {round}"))).await;
        let name = format!("{run} {round}");
        assert!(write_at_once(pool, &name).await && write(&db, &name).await, "refused in round {round}");
        kept += 1;
    }
    let in_store = format!("select count(*) from usage_counters where feature like '{run} %'");
    let at_once = format!("select count(*) from landlord.audit_log where action like '{run} %'");
    assert_eq!((store.count(&in_store).await, store.count(&at_once).await), (kept, kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_among_many_loses_no_write_of_others() {
    let mut environment = settings();
    environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "2");
    let platform = Platform::start_with(environment).await;
    let store = platform.open_store().await;
    let db = platform.cluster().tenant(store.id);
    let pool = &platform.souk.pools.app;
    let run = unique("kept");
    let writers = (0..4).map(|writer| {
        let (db, pool, run) = (db.clone(), pool.clone(), run.clone());
        tokio::spawn(async move {
            for n in 0..100 {
                let name = format!("{run} {writer} {n}");
                assert!(write(&db, &name).await && write_at_once(&pool, &name).await, "{name}");
            }
        })
    });
    let mut random = random();
    let leavers = (0..2).map(|_| {
        let (db, seed) = (db.clone(), random.random::<u64>());
        tokio::spawn(async move {
            let mut random = StdRng::seed_from_u64(seed);
            for round in 0..300 {
                give_up_after(random.random_range(1..200), db.begin()).await;
                // And in the middle of a transaction, by a timer that fires anywhere.
                let patience = Duration::from_micros(random.random_range(1..4000));
                let _ = tokio::time::timeout(patience, write(&db, &format!("perhaps {seed} {round}"))).await;
            }
        })
    });
    let tasks: Vec<_> = writers.chain(leavers).collect();
    join_all(tasks).await.into_iter().for_each(|done| done.unwrap());
    let in_store = format!("select count(*) from usage_counters where feature like '{run} %'");
    let at_once = format!("select count(*) from landlord.audit_log where action like '{run} %'");
    assert_eq!((store.count(&in_store).await, store.count(&at_once).await), (400, 400));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_who_hangs_up_leaves_a_whole_order_or_none() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(100, 1000).await;
    let mut random = random();
    let mut purchases = Vec::new();
    for _ in 0..60 {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let key = key();
        let body = souk_tests::cash(&cart);
        let patience = Duration::from_micros(random.random_range(0..20_000));
        let _ = tokio::time::timeout(patience, store.checkout(&cart, &key, &body)).await;
        purchases.push((cart, key, body));
    }
    let retry = async |(cart, key, body): &(souk_tests::Cart, String, serde_json::Value)| {
        let answer = store.checkout(cart, key, body).await.expect(201);
        let again = store.checkout(cart, key, body).await.expect(201);
        assert_eq!(answer.text, again.text);
        Store::bought(cart.clone(), &answer).order
    };
    let mut orders = join_all(purchases.iter().map(retry)).await;
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), 60);
    assert_eq!(store.count("select count(*) from orders").await, 60);
    assert_eq!(store.stock(&variant.id).await, (1000, 60));
    souk_tests::assert_consistent(&store).await;
}
