//! The doctor looks at the platform itself: does the register fit what the database holds, and does work get done?

use std::collections::BTreeSet;

use server::doctor::{self, Report, Wanted};
use souk_tests::{Platform, Store};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::own_database;

async fn look(platform: &Platform, repair: bool) -> Report {
    doctor::examine(&platform.souk, Wanted { only: None, repair }, |_| {}).await.unwrap()
}

fn codes(report: &Report) -> BTreeSet<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

async fn run(pool: &PgPool, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await.unwrap();
}

/// Breaks something, sees it found under this name, and returns what was found.
async fn found(platform: &Platform, pool: &PgPool, code: &str, statement: String) -> Report {
    let before = look(platform, false).await;
    assert!(!codes(&before).contains(code), "before {code}: {:?}", before.findings);
    run(pool, statement).await;
    let report = look(platform, false).await;
    assert!(codes(&report).contains(code), "{code} was broken, and found was {:?}", report.findings);
    report
}

/// The same, mended.
async fn mended(platform: &Platform, pool: &PgPool, code: &str, statement: String) {
    found(platform, pool, code, statement).await;
    let report = look(platform, true).await;
    assert!(!codes(&report).contains(code), "{code}: {:?}", report.findings);
    assert!(report.mended.iter().any(|finding| finding.code == code), "{code}: {report:?}");
    let acts = sqlx::query_scalar::<_, i64>(
        "select count(*) from landlord.audit_log where action = 'health.repair' and data ->> 'finding' = $1",
    );
    assert!(acts.bind(code).fetch_one(pool).await.unwrap() > 0, "{code} was mended without a trace");
}

fn job(store: &Store<'_>, when: &str) -> String {
    format!(
        "insert into souk.jobs (tenant_id, kind, subject, run_at, request_id, dead_at)
         values ('{0}', 'provider_events.process', '{0}', {when})",
        store.id
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_platform_is_found_and_mended_where_it_can_be() {
    let (environment, pool) = own_database().await;
    let platform = Platform::start_with(environment).await;
    platform.souk.worker().platform().await.unwrap();
    let [one, two, three] = [platform.open_store().await, platform.open_store().await, platform.open_store().await];
    platform.souk.worker().platform().await.unwrap();
    let healthy = look(&platform, false).await;
    assert!(healthy.findings.is_empty(), "{:?}", healthy.findings);
    assert_eq!(healthy.stores, 3);

    mended(&platform, &pool, "tenants.role", format!("revoke {} from souk_app", one.id.schema())).await;
    mended(&platform, &pool, "spares.empty", "delete from landlord.spare_schemas".to_owned()).await;
    // Those schemas belong to nobody now.
    assert_eq!(codes(&look(&platform, false).await), BTreeSet::from(["schemas.orphan"]));
    run(&pool, "insert into landlord.spare_schemas (id, cluster, version)
                select substr(nspname, 3)::uuid, 'main', (select max(version) from landlord.spare_schemas)
                from pg_namespace where nspname ~ '^t_[0-9a-f]{32}$' and substr(nspname, 3)::uuid not in (select id from landlord.tenants)
                on conflict do nothing".to_owned()).await;
    mended(
        &platform,
        &pool,
        "tenants.provisioning",
        format!("update landlord.tenants set state = 'provisioning', created_at = now() - interval '1 hour' where id = '{}'", two.id),
    )
    .await;
    mended(&platform, &pool, "jobs.dead", job(&one, "now(), 'test', now()")).await;
    platform.work().await;
    run(&pool, "delete from souk.jobs".to_owned()).await;
    found(&platform, &pool, "jobs.overdue", job(&one, "now() - interval '1 hour', 'test', null")).await;
    run(&pool, "delete from souk.jobs".to_owned()).await;
    found(
        &platform,
        &pool,
        "outbox.late",
        format!(
            "insert into souk.outbox (tenant_id, positions, created_at)
             values ('{}', '{{1}}', now() - interval '1 hour')",
            one.id
        ),
    )
    .await;
    run(&pool, "delete from souk.outbox".to_owned()).await;
    found(
        &platform,
        &pool,
        "tenants.structure",
        format!("alter table {}.orders add column mine text", one.id.schema()),
    )
    .await;
    run(&pool, format!("alter table {}.orders drop column mine", one.id.schema())).await;
    found(
        &platform,
        &pool,
        "tenants.migrated",
        format!(
            "delete from {0}._migrations where version = (select max(version) from {0}._migrations)",
            three.id.schema()
        ),
    )
    .await;
    // What was applied without being noted cannot be applied again: the doctor says so rather than guess.
    let report = look(&platform, true).await;
    let finding = report.findings.iter().find(|finding| finding.code == "tenants.migrated").unwrap();
    assert_eq!(
        (finding.examples.as_slice(), finding.refused.len()),
        ([three.slug.clone()].as_slice(), 1),
        "{finding:?}"
    );
    found(&platform, &pool, "tenants.schema", format!("drop schema {} cascade", three.id.schema())).await;
    let report = look(&platform, false).await;
    assert_eq!(codes(&report), BTreeSet::from(["store.unreadable", "tenants.schema"]), "{:?}", report.findings);
    assert_eq!(report.stores, 3, "the others were looked at");
}
