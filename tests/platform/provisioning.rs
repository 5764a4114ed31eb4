//! A store comes to be whole, wherever its making is cut short.

use std::time::Duration;

use futures::future::join_all;
use kernel::clock::Clock;
use kernel::id::TenantId;
use kernel::idempotency::IdempotencyKey;
use kernel::money::Currency;
use kernel::origin::Origin;
use landlord::spares;
use landlord::tenants::{self, NewTenant, Registration, SignUp, Ticket};
use reqwest::Method;
use serde_json::json;
use server::config::Config;
use server::run::Souk;
use server::tenancy::{Provisioner, STEPS, Step, refill, tenant_version};
use server::worker::Worker;
use souk_tests::{Answer, Platform, key, unique};
use sqlx::AssertSqlSafe;

use crate::support::own_database;

async fn run(platform: &Platform, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&platform.database).await.unwrap();
}

async fn count(platform: &Platform, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&platform.database).await.unwrap()
}

fn request() -> SignUp {
    let slug = unique("cut");
    SignUp {
        email: format!("{slug}@x.com"),
        password: "correct horse battery".to_owned(),
        code: None,
        store_name: "Cut short".to_owned(),
        slug,
        plan: None,
        currency: Some("EUR".to_owned()),
    }
}

/// Registers a store as the server does, and stops there.
async fn register(platform: &Platform, key: &str, request: &SignUp) -> Ticket {
    let key = IdempotencyKey(key.to_owned());
    match tenants::register(&platform.souk.landlord, &Origin::system(), &key, request).await.unwrap() {
        Registration::New(ticket) => ticket,
        other @ (Registration::Resume(_) | Registration::Answered(_)) => panic!("{other:?}"),
    }
}

/// Registers a store for which no schema lies ready.
async fn register_without_spare(platform: &Platform, key: &str, request: &SignUp) -> Ticket {
    for _ in 0..50 {
        // Other tests make spare schemas; none is to be had between these two lines, or we try again.
        run(platform, "delete from landlord.spare_schemas").await;
        let ticket = register(platform, key, request).await;
        if !ticket.tenant.spare {
            return ticket;
        }
        run(platform, &format!("delete from landlord.idempotency_keys where key = '{key}'")).await;
        let id = ticket.tenant.id;
        for table in ["memberships", "subscriptions", "domains"] {
            run(platform, &format!("delete from landlord.{table} where tenant_id = '{id}'")).await;
        }
        run(platform, &format!("delete from landlord.tenants where id = '{id}'")).await;
    }
    panic!("there is always a spare schema");
}

async fn sign_up(platform: &Platform, key: &str, request: &SignUp) -> Answer {
    let body = json!({
        "email": request.email, "password": request.password, "store_name": request.store_name, "slug": request.slug,
        "currency": request.currency,
    });
    let sent = platform.request(Method::POST, "localhost", "/api/v1/signup").header("idempotency-key", key).json(&body);
    Answer::of(sent.send().await.unwrap()).await
}

async fn at(platform: &Platform, slug: &str, path: &str) -> Answer {
    let request = platform.request(Method::GET, &format!("{slug}.localhost"), path);
    Answer::of(request.send().await.unwrap()).await
}

/// The store trades, under its name and in its currency.
async fn assert_open(platform: &Platform, slug: &str) {
    let store = at(platform, slug, "/api/v1/store").await.expect(200);
    assert_eq!((store.str("/name"), store.str("/currency")), ("Cut short".to_owned(), "EUR".to_owned()));
    at(platform, slug, "/api/v1/products").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_goes_on_wherever_it_was_cut_short() {
    let platform = Platform::start().await;
    let provisioner = Provisioner::new(platform.souk.pools.clone());
    for taken in 0..=STEPS.len() {
        let (key, request) = (key(), request());
        let ticket = register_without_spare(&platform, &key, &request).await;
        for step in &STEPS[..taken] {
            provisioner.take(*step, &ticket.tenant).await.unwrap();
        }
        // The crash: nobody lets go of the key, and until its lease ends others wait.
        at(&platform, &request.slug, "/api/v1/store").await.problem(503, "tenant.provisioning");
        sign_up(&platform, &key, &request).await.problem(409, "idempotency.in_progress");
        run(&platform, &format!("update landlord.idempotency_keys set leased_until = now() where key = '{key}'")).await;

        let answer = sign_up(&platform, &key, &request).await.expect(201);
        assert_eq!(answer.str("/tenant/id"), ticket.tenant.id.to_string(), "after {taken} steps");
        let again = sign_up(&platform, &key, &request).await.expect(201);
        assert_eq!((answer.text, again.header("idempotent-replayed")), (again.text.clone(), Some("true")));
        assert_open(&platform, &request.slug).await;
        assert_eq!(count(&platform, &format!("select count(*) from landlord.sessions s join landlord.accounts a on a.id = s.account_id where a.email = '{}'", request.email)).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_finishes_what_nobody_came_back_for() {
    let platform = Platform::start().await;
    let provisioner = Provisioner::new(platform.souk.pools.clone());
    for taken in 0..=STEPS.len() {
        let (key, request) = (key(), request());
        let ticket = register_without_spare(&platform, &key, &request).await;
        for step in &STEPS[..taken] {
            provisioner.take(*step, &ticket.tenant).await.unwrap();
        }
        let id = ticket.tenant.id;
        let worker = Worker { only: Some([id].into()), spare_schemas: 0, ..platform.souk.worker() };
        worker.platform().await.unwrap();
        let state = format!("select count(*) from landlord.tenants where id = '{id}' and state = 'active'");
        assert_eq!(count(&platform, &state).await, 0, "its client may still be at it");
        run(
            &platform,
            &format!("update landlord.tenants set created_at = created_at - interval '31 seconds' where id = '{id}'"),
        )
        .await;
        worker.platform().await.unwrap();
        assert_eq!(count(&platform, &state).await, 1, "after {taken} steps");
        worker.platform().await.unwrap();
        run(&platform, &format!("update landlord.idempotency_keys set leased_until = now() where key = '{key}'")).await;
        let answer = sign_up(&platform, &key, &request).await.expect(201);
        assert_eq!(answer.str("/tenant/id"), id.to_string());
        assert_open(&platform, &request.slug).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_taken_twice_is_taken_once() {
    let platform = Platform::start().await;
    let provisioner = Provisioner::new(platform.souk.pools.clone());
    let (key, request) = (key(), request());
    let ticket = register_without_spare(&platform, &key, &request).await;
    for step in STEPS {
        provisioner.take(step, &ticket.tenant).await.unwrap();
        provisioner.take(step, &ticket.tenant).await.unwrap();
        // And by two at once.
        let both = join_all((0..4).map(|_| provisioner.take(step, &ticket.tenant))).await;
        both.into_iter().for_each(|taken| taken.unwrap());
    }
    run(&platform, &format!("update {}.settings set low_stock_threshold = 77", ticket.tenant.id.schema())).await;
    let later = NewTenant { name: "Another name".to_owned(), spare: false, ..ticket.tenant.clone() };
    provisioner.provision(&later).await.unwrap();
    let kept = format!(
        "select count(*) from {}.settings where low_stock_threshold = 77 and store_name = 'Cut short'",
        ticket.tenant.id.schema()
    );
    assert_eq!(count(&platform, &kept).await, 1, "a late repetition changes no store");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_at_once_share_the_spare_schemas_without_quarrel() {
    let platform = Platform::start().await;
    let pools = &platform.souk.pools;
    refill(pools, "main", 5, 2).await.unwrap();
    let requests: Vec<SignUp> = (0..10).map(|_| request()).collect();
    let open = async |request: &SignUp| {
        let key = key();
        for _ in 0..60 {
            let answer = sign_up(&platform, &key, request).await;
            if answer.status == 201 {
                return answer.str("/tenant/id");
            }
            assert!(answer.status == 503 || answer.code() == "idempotency.in_progress", "{}", answer.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never answered");
    };
    let mut ids = join_all(requests.iter().map(open)).await;
    for request in &requests {
        assert_open(&platform, &request.slug).await;
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
    let both = "select count(*) from landlord.spare_schemas s join landlord.tenants t on t.id = s.id";
    assert_eq!(count(&platform, both).await, 0, "a schema is spare or a store's, never both");
    let foreign = "select count(*) from landlord.tenants t where state = 'active' and not exists
                   (select from pg_namespace where nspname = 't_' || replace(t.id::text, '-', ''))";
    assert_eq!(count(&platform, foreign).await, 0, "an active store has its schema");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_opens_when_no_schema_lies_ready() {
    let platform = Platform::start().await;
    let (key, request) = (key(), request());
    let ticket = register_without_spare(&platform, &key, &request).await;
    assert_eq!(
        count(&platform, &format!("select count(*) from pg_namespace where nspname = '{}'", ticket.tenant.id.schema()))
            .await,
        0
    );
    run(&platform, &format!("update landlord.idempotency_keys set leased_until = now() where key = '{key}'")).await;
    sign_up(&platform, &key, &request).await.expect(201);
    assert_open(&platform, &request.slug).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spare_schema_of_an_earlier_version_is_not_taken() {
    let platform = Platform::start().await;
    let landlord = &platform.souk.landlord.db;
    let old = TenantId::new();
    let mut tx = landlord.begin().await.unwrap();
    spares::add(&mut tx, old, "main", tenant_version() - 1).await.unwrap();
    sqlx::query("update spare_schemas set created_at = 'epoch' where id = $1")
        .bind(old.0)
        .execute(tx.conn())
        .await
        .unwrap();
    while let Some(taken) = spares::take(&mut tx, "main", tenant_version()).await.unwrap() {
        assert_ne!(taken, old);
    }
    assert!(spares::outdated(&mut tx, tenant_version()).await.unwrap().iter().any(|spare| spare.id == old));
    tx.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spare_schema_of_an_earlier_version_is_brought_up_to_date() {
    let platform = Platform::start().await;
    let id = TenantId::new();
    let mut tx = platform.souk.landlord.db.begin().await.unwrap();
    spares::add(&mut tx, id, "main", 1).await.unwrap();
    tx.commit().await.unwrap();
    refill(&platform.souk.pools, "main", 0, 1).await.unwrap();
    let version = tenant_version();
    let current = format!(
        "select (not exists (select from landlord.spare_schemas where id = '{id}' and version <> {version}))::int::bigint"
    );
    assert_eq!(count(&platform, &current).await, 1);
    let migrated = format!("select max(version) from {}._migrations", id.schema());
    assert_eq!(count(&platform, &migrated).await, version);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let platform = Platform::start().await;
    let provisioner = Provisioner::new(platform.souk.pools.clone());
    let id = TenantId::new();
    let schema = id.schema();
    let tenant = NewTenant {
        id,
        slug: unique("broken"),
        name: "Cut short".to_owned(),
        currency: "EUR".parse::<Currency>().unwrap(),
        cluster: "main".to_owned(),
        spare: false,
    };
    // Something stands in the way of a migration in the middle.
    run(&platform, &format!("create schema {schema} authorization souk_admin; create table {schema}.orders (a int)"))
        .await;
    provisioner.take(Step::Role, &tenant).await.unwrap();
    let error = provisioner.take(Step::Schema, &tenant).await.unwrap_err();
    assert!(format!("{error:#}").contains("orders"), "{error:#}");
    let tables = format!("select count(*) from information_schema.tables where table_schema = '{schema}'");
    assert_eq!(count(&platform, &tables).await, 1, "only what stood in the way");
    run(&platform, &format!("drop table {schema}.orders")).await;
    provisioner.provision(&tenant).await.unwrap();
    assert!(count(&platform, &tables).await > 15);

    // A migration that was changed after it had been applied is noticed, and nothing is done.
    run(&platform, &format!("update {schema}._migrations set checksum = 'x' where version = (select min(version) from {schema}._migrations)")).await;
    let error = provisioner.take(Step::Schema, &tenant).await.unwrap_err();
    assert!(format!("{error:#}").contains("another form"), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_two_databases_start_beside_each_other() {
    let ((first, _), (second, _)) = (own_database().await, own_database().await);
    let souk = |environment| Souk::new(Config::from_environment(environment).unwrap(), Clock::System).unwrap();
    let servers = [souk(&first), souk(&first), souk(&second), souk(&second)];
    // They share the logins and roles of the one PostgreSQL.
    let starts = join_all(servers.iter().map(async |server| {
        for _ in 0..25 {
            server.migrate().await?;
        }
        anyhow::Ok(())
    }));
    starts.await.into_iter().for_each(|started| started.unwrap());
    for (server, name) in [(&servers[0], "statement_timeout"), (&servers[2], "lock_timeout")] {
        let set: String =
            sqlx::query_scalar(AssertSqlSafe(format!("show {name}"))).fetch_one(&server.pools.app).await.unwrap();
        assert_eq!(set, if name == "lock_timeout" { "2s" } else { "5s" });
    }
}
