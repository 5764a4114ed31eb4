//! All stores are brought up to date: a few first, none kept waiting, whatever happens to whoever is at it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use landlord::fleet::{self, RunState};
use server::tenancy::{Fleet, MigrationSet, News, Outcome, Wanted, tenant_version};
use souk_tests::{Platform, Store, assert_consistent};
use sqlx::migrate::{Migration, MigrationType};
use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr};
use tokio_util::sync::CancellationToken;

use crate::support::own_database;

const ALL_AT_ONCE: Wanted = Wanted { canaries: false, parallel: 3, wait: false };
const SOME_FIRST: Wanted = Wanted { canaries: true, ..ALL_AT_ONCE };

/// The migrations there are, and one that is still to come.
fn with(sql: &str) -> MigrationSet {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let one = Migration::new(tenant_version() + 1, "test".into(), MigrationType::Simple, sql, false);
    MigrationSet::tenant().with(one)
}

const COLUMN: &str = "alter table settings add column flavour text not null default 'plain'";

/// A fleet that knows this migration too.
fn fleet(platform: &Platform, sql: &str) -> Fleet {
    platform.souk.fleet().with_set(with(sql))
}

async fn run(fleet: &Fleet, wanted: Wanted) -> anyhow::Result<Outcome> {
    fleet.migrate(wanted, &CancellationToken::new(), |_| {}).await
}

async fn execute(pool: &PgPool, statement: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(statement.into())).execute(pool).await.unwrap();
}

async fn count(pool: &PgPool, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(pool).await.unwrap()
}

/// Schemas that have the column.
async fn changed(pool: &PgPool) -> i64 {
    count(
        pool,
        "select count(*) from information_schema.columns where column_name = 'flavour' and table_schema ~ '^t_'",
    )
    .await
}

async fn platform() -> (Platform, PgPool) {
    let (mut environment, pool) = own_database().await;
    environment.set("SOUK__FLEET__LOCK_TIMEOUT_MS", "100");
    environment.set("SOUK__FLEET__TRIES", "3");
    (Platform::start_with(environment).await, pool)
}

async fn open<const N: usize>(platform: &Platform) -> [Store<'_>; N] {
    let mut stores = Vec::new();
    for _ in 0..N {
        stores.push(platform.open_store().await);
    }
    stores.try_into().ok().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_stores_and_spares_get_what_is_new_and_a_second_time_nothing_happens() {
    let (platform, pool) = platform().await;
    let [one, _, _] = open::<3>(&platform).await;
    platform.souk.worker().platform().await.unwrap();
    let spares = count(&pool, "select count(*) from landlord.spare_schemas").await;
    assert!(spares > 0);

    let untouched = run(&platform.souk.fleet(), SOME_FIRST).await.unwrap();
    assert_eq!((untouched.run, untouched.is_good()), (None, true));
    let fleet = fleet(&platform, COLUMN);
    let before = fleet.status(platform.clock.now()).await.unwrap();
    assert_eq!((before.behind, before.current, before.is_good()), (3, 0, false));
    let done = run(&fleet, SOME_FIRST).await.unwrap();
    assert!(done.is_good() && done.run.is_some_and(|(_, state)| state == RunState::Finished), "{done:?}");
    assert_eq!((done.counts.done, changed(&pool).await), (3 + spares, 3 + spares));
    let recorded = format!("select count(*) from landlord.tenants where schema_version = {}", tenant_version() + 1);
    assert_eq!(count(&pool, &recorded).await, 3);
    let recorded = format!("select count(*) from landlord.spare_schemas where version = {}", tenant_version() + 1);
    assert_eq!(count(&pool, &recorded).await, spares);

    let again = run(&fleet, SOME_FIRST).await.unwrap();
    assert_eq!((again.run, again.looked_at), (None, usize::try_from(3 + spares).unwrap()));
    assert!(fleet.status(platform.clock.now()).await.unwrap().is_good());
    // The program that does not know the column trades on.
    let variant = one.sell(100, 10).await;
    one.buy(&[(&variant, 1)]).await;
    assert_consistent(&one).await;
    assert_eq!(platform.souk.fleet().status(platform.clock.now()).await.unwrap().odd.len(), 3, "ahead of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_is_named_and_stops_no_other() {
    let (platform, pool) = platform().await;
    let [good, bad, odd] = open::<3>(&platform).await;
    execute(&pool, format!("alter table {}.settings add column flavour int", bad.id.schema())).await;
    execute(&pool, format!("update {}._migrations set checksum = 'x'", odd.id.schema())).await;
    let fleet = fleet(&platform, COLUMN);
    let done = run(&fleet, ALL_AT_ONCE).await.unwrap();
    assert!(!done.is_good() && done.run.is_some_and(|(_, state)| state == RunState::Failed), "{done:?}");
    let failures: Vec<(&str, &str, i32)> = done
        .failures
        .iter()
        .map(|failure| (failure.name.as_str(), failure.error.as_deref().unwrap(), failure.tries))
        .collect();
    assert_eq!(failures.len(), 2, "{failures:?}");
    let of = |store: &Store<'_>| failures.iter().find(|failure| failure.0 == store.slug).unwrap();
    assert!(of(&bad).1.contains("flavour") && of(&odd).1.contains("another form"), "{failures:?}");
    assert_eq!(of(&bad).2, 1, "what cannot go well is not tried again");
    assert_eq!(good.count("select count(*) from information_schema.columns where column_name = 'flavour' and data_type = 'text' and table_schema = current_schema()").await, 1);
    // Its transaction left nothing behind, and it trades as before.
    let version = format!("select max(version) from {}._migrations", bad.id.schema());
    assert_eq!(count(&pool, &version).await, tenant_version());
    let variant = bad.sell(100, 10).await;
    bad.buy(&[(&variant, 1)]).await;
    // Mended, the next run takes those that are left.
    execute(&pool, format!("alter table {}.settings drop column flavour", bad.id.schema())).await;
    let done = run(&fleet, ALL_AT_ONCE).await.unwrap();
    assert_eq!((done.counts.total(), done.counts.done, done.counts.failed), (2, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_goes_first_and_fails_keeps_all_others_from_harm() {
    let (mut environment, pool) = own_database().await;
    let slug = souk_tests::unique("canary");
    environment.set("SOUK__FLEET__CANARIES", format!("[\"{slug}\"]"));
    let platform = Platform::start_with(environment).await;
    let [canary, _, _] = open::<3>(&platform).await;
    execute(&pool, format!("update landlord.tenants set slug = '{slug}' where id = '{}'", canary.id)).await;
    execute(&pool, format!("alter table {}.settings add column flavour int", canary.id.schema())).await;
    let fleet = fleet(&platform, COLUMN);
    let done = run(&fleet, SOME_FIRST).await.unwrap();
    assert!(done.run.is_some_and(|(_, state)| state == RunState::Stopped), "{done:?}");
    assert_eq!((done.counts.failed, done.counts.done, changed(&pool).await), (1, 0, 1));
    execute(&pool, format!("alter table {}.settings drop column flavour", canary.id.schema())).await;
    let mut order = Vec::new();
    let hear = |news: News<'_>| match news {
        News::Begun { canaries, .. } => order.push(format!("{canaries} first")),
        News::CanariesDone => order.push("rest".to_owned()),
        News::Counts(counts) if counts.waiting == 0 => order.push("over".to_owned()),
        News::Looking | News::Waiting(_) | News::Counts(_) | News::Failed(..) | News::Paused(_) => {}
    };
    assert!(fleet.migrate(SOME_FIRST, &CancellationToken::new(), hear).await.unwrap().is_good());
    assert_eq!(order, ["1 first", "rest", "over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_use_is_tried_again_and_its_checkouts_do_not_wait() {
    let (platform, pool) = platform().await;
    let [store] = open::<1>(&platform).await;
    let variant = store.sell(100, 1000).await;
    // A report that takes its time reads what the migration wants to change.
    #[expect(clippy::disallowed_methods, reason = "stands for somebody beside the product")]
    let mut reader = pool.acquire().await.unwrap();
    let schema = store.id.schema();
    sqlx::raw_sql(AssertSqlSafe(format!("begin; select * from {schema}.settings")))
        .execute(&mut *reader)
        .await
        .unwrap();
    let fleet = fleet(&platform, COLUMN);
    let mut longest = Duration::ZERO;
    let shopping = async {
        for _ in 0..15 {
            let started = Instant::now();
            store.buy(&[(&variant, 1)]).await;
            longest = longest.max(started.elapsed());
        }
    };
    let (done, ()) = tokio::join!(run(&fleet, ALL_AT_ONCE), shopping);
    let done = done.unwrap();
    assert_eq!(done.counts.failed, 1, "{done:?}");
    assert_eq!(done.failures[0].tries, 3);
    assert!(done.failures[0].error.as_deref().unwrap().contains("lock timeout"), "{done:?}");
    assert!(longest < Duration::from_secs(3), "a checkout waited {longest:?}");
    // Once the report is done it goes.
    let freed = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        sqlx::raw_sql("rollback").execute(&mut *reader).await.unwrap();
    };
    let (done, ()) = tokio::join!(run(&fleet, ALL_AT_ONCE), freed);
    assert!(done.unwrap().is_good());
    assert_eq!(changed(&pool).await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_rests_and_is_taken_up_where_it_was_left() {
    let (platform, pool) = platform().await;
    let _stores = open::<6>(&platform).await;
    let fleet = fleet(&platform, COLUMN);
    // Told to stop after the second store: what is in work is finished, the rest waits.
    let stop = CancellationToken::new();
    let one_by_one = Wanted { parallel: 1, ..ALL_AT_ONCE };
    let hear = |news: News<'_>| {
        if matches!(news, News::Counts(counts) if counts.done == 2) {
            stop.cancel();
        }
    };
    let done = fleet.migrate(one_by_one, &stop, hear).await.unwrap();
    assert!(done.interrupted && !done.is_good());
    let (had, waiting) = (done.counts.done, done.counts.waiting);
    assert!((2..6).contains(&had) && waiting > 0, "{done:?}");
    assert_eq!(changed(&pool).await, had);
    let status = fleet.status(platform.clock.now()).await.unwrap();
    let last = status.run.unwrap();
    assert!(!last.run.held && last.run.finished_at.is_none());

    // While it rests nobody goes on with it.
    let souk = &platform.souk;
    let origin = kernel::origin::Origin::system();
    let mut tx = souk.landlord.db.begin().await.unwrap();
    assert_eq!(fleet::pause(&mut tx, &origin).await.unwrap(), Some(last.run.id));
    tx.commit().await.unwrap();
    let refused = run(&fleet, ALL_AT_ONCE).await.unwrap_err().to_string();
    assert!(refused.contains("souk fleet resume"), "{refused}");
    let mut tx = souk.landlord.db.begin().await.unwrap();
    fleet::resume(&mut tx, &origin).await.unwrap();
    tx.commit().await.unwrap();

    // Somebody who died at it holds it until the lease is over.
    execute(&pool, "update landlord.fleet_runs set leased_until = now() + interval '30 seconds', node = 'the dead'")
        .await;
    let refused = run(&fleet, ALL_AT_ONCE).await.unwrap_err().to_string();
    assert!(refused.contains("the dead"), "{refused}");
    execute(&pool, "update landlord.fleet_runs set leased_until = now()").await;
    let mut again = false;
    let hear = |news: News<'_>| again |= matches!(news, News::Begun { again: true, .. });
    let done = fleet.migrate(ALL_AT_ONCE, &CancellationToken::new(), hear).await.unwrap();
    assert!(done.is_good() && again, "{done:?}");
    assert_eq!(done.run, Some((last.run.id, RunState::Finished)), "the same run");
    let total = done.counts.total();
    assert_eq!((done.counts.done, changed(&pool).await), (total, total));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_paused_meanwhile_begins_with_no_more_stores() {
    let (platform, pool) = platform().await;
    let _stores = open::<4>(&platform).await;
    // Each takes long enough for the pause to be heard.
    let slow = format!("{COLUMN}; select pg_sleep(1.2)");
    let fleet = fleet(&platform, &slow);
    let pausing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if changed(&pool).await > 0 {
                break;
            }
        }
        execute(&pool, "update landlord.fleet_runs set paused_at = now()").await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        let rested = changed(&pool).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(changed(&pool).await, rested, "it rests");
        assert!(rested < 4, "{rested}");
        execute(&pool, "update landlord.fleet_runs set paused_at = null").await;
    };
    let one_by_one = Wanted { parallel: 1, ..ALL_AT_ONCE };
    let (done, ()) = tokio::join!(run(&fleet, one_by_one), pausing);
    assert!(done.unwrap().is_good());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_begin_at_once_one_does_and_a_newer_version_takes_over() {
    let (platform, pool) = platform().await;
    let _stores = open::<3>(&platform).await;
    let fleet = fleet(&platform, &format!("{COLUMN}; select pg_sleep(0.3)"));
    let refused = AtomicUsize::new(0);
    let begin = async || match run(&fleet, ALL_AT_ONCE).await {
        Ok(done) => assert!(done.is_good(), "{done:?}"),
        Err(error) => {
            let text = format!("{error:#}");
            assert!(text.contains("under way") || text.contains("another process"), "{text}");
            refused.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(begin(), begin(), begin());
    assert!(refused.load(Ordering::Relaxed) >= 1);
    assert_eq!(count(&pool, "select count(*) from landlord.fleet_runs where state = 'finished'").await, 1);
    // A run that was left, and that a newer program makes needless.
    execute(
        &pool,
        format!("insert into landlord.fleet_runs (target_version, state) values ({}, 'rolling')", tenant_version() - 1),
    )
    .await;
    assert!(run(&fleet, ALL_AT_ONCE).await.unwrap().is_good());
    assert_eq!(count(&pool, "select count(*) from landlord.fleet_runs where state = 'superseded'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_too_old_for_the_program_answers_503_until_it_had_its_turn() {
    let (platform, pool) = platform().await;
    let [store, other] = open::<2>(&platform).await;
    let age = |version: i64| {
        format!(
            "update landlord.tenants set schema_version = {version}, version = version + 1 where id = '{id}';
             select pg_notify('souk_tenants', '{id}')",
            id = store.id
        )
    };
    execute(&pool, age(commerce::OLDEST_TENANT_VERSION - 1)).await;
    platform.souk.stores.forget_all();
    let answer = store.get("/api/v1/products").await.problem(503, "tenant.upgrading");
    assert!(answer.header("retry-after").is_some());
    other.get("/api/v1/products").await.expect(200);
    // It is up to date, in truth: looking says so.
    run(&platform.souk.fleet(), ALL_AT_ONCE).await.unwrap();
    execute(&pool, age(commerce::OLDEST_TENANT_VERSION)).await;
    platform.souk.stores.forget_all();
    store.get("/api/v1/products").await.expect(200);
}
