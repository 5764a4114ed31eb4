//! Jobs: urgent ones first and none forgotten, leases that end, what was given up, and a clock that one node keeps.

use std::time::Duration;

use commerce::jobs::cron::{self, Schedule};
use commerce::jobs::{self, Job, Kind, Which};
use kernel::db::ClusterDb;
use souk_tests::{Platform, Store, unique};

async fn put_off(store: &Store<'_>, queue: &str, priority: i32, kind: &str, seconds_ago: i32) -> i64 {
    let statement = format!(
        "insert into souk.jobs (tenant_id, queue, priority, kind, subject, run_at, request_id)
         values ('{}', '{queue}', {priority}, '{kind}', gen_random_uuid(), now() - interval '{seconds_ago} seconds', 'test')
         returning id",
        store.id
    );
    store.count(&statement).await
}

async fn claim(store: &Store<'_>, limit: i64) -> Vec<Job> {
    jobs::claim(&cluster(store), limit, Some(&[store.id])).await.unwrap()
}

fn cluster(store: &Store<'_>) -> ClusterDb {
    store.platform.cluster()
}

async fn let_lease_pass(store: &Store<'_>, id: i64) {
    store.tamper(&format!("update souk.jobs set run_at = now() - interval '1 second' where id = {id}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urgent_work_goes_first_and_none_starves() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.tamper(&format!("delete from souk.jobs where tenant_id = '{}'", store.id)).await;
    let patient = put_off(&store, "maintenance", 600, "store.retain", 700).await;
    let upkeep = put_off(&store, "maintenance", 600, "store.retain", 500).await;
    let webhook = put_off(&store, "webhook", 120, "x", 60).await;
    let payment = put_off(&store, "payment", 5, "payment.settle", 10).await;
    let order = put_off(&store, "new_order", 0, "checkout.expire", 10).await;
    put_off(&store, "new_order", 0, "checkout.expire", -60).await;
    put_off(&store, "queue of another version", 0, "x", 1000).await;
    let mut taken = Vec::new();
    for _ in 0..6 {
        taken.extend(claim(&store, 1).await.into_iter().map(|job| job.id));
    }
    // 700 seconds of waiting outweigh the 600 by which upkeep gives way; 500 do not.
    assert_eq!(taken, [patient, order, payment, webhook, upkeep]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_away_past_its_lease_cannot_finish() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let id = put_off(&store, "maintenance", 600, "x", 1).await;
    let first = claim(&store, 10).await.into_iter().find(|job| job.id == id).unwrap();
    assert!(claim(&store, 10).await.is_empty(), "it is leased");
    let_lease_pass(&store, id).await;
    let second = claim(&store, 10).await.into_iter().find(|job| job.id == id).unwrap();
    assert_eq!((first.lease + 1, second.attempts), (second.lease, 2));
    assert!(!jobs::finish(&cluster(&store), &first).await.unwrap());
    assert!(!jobs::later(&cluster(&store), &first, Duration::ZERO).await.unwrap());
    assert!(!jobs::fail(&cluster(&store), &first, "too late").await.unwrap());
    assert_eq!(store.count(&format!("select count(*) from souk.jobs where id = {id}")).await, 1);
    assert!(jobs::finish(&cluster(&store), &second).await.unwrap());
    assert_eq!(store.count(&format!("select count(*) from souk.jobs where id = {id}")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_at_once_never_hold_the_same_job() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for _ in 0..40 {
        put_off(&store, "maintenance", 600, "x", 1).await;
    }
    let take = async || claim(&store, 7).await;
    let (a, b, c) = tokio::join!(take(), take(), take());
    let mut ids: Vec<i64> = a.iter().chain(&b).chain(&c).map(|job| job.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_seen_and_done_again_by_its_own_store_alone() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let (mine, theirs) = (store.dead_job().await, other.dead_job().await);
    let list = store.admin_get("/jobs?state=dead").await.expect(200);
    let ids: Vec<String> = list.body["data"].as_array().unwrap().iter().map(|job| job["id"].to_string()).collect();
    assert_eq!(ids, [mine.as_str()]);
    assert_eq!(list.body["data"][0]["last_error"], "unavailable");
    let waiting = store.admin_get("/jobs?state=waiting").await.expect(200);
    assert!(!waiting.text.contains(&format!("\"id\":{theirs}")));
    store.admin_post(&format!("/jobs/{theirs}/replay"), serde_json::json!({})).await.problem(404, "not_found");
    store.admin_post(&format!("/jobs/{mine}/replay"), serde_json::json!({})).await.expect(202);
    store.admin_post(&format!("/jobs/{mine}/replay"), serde_json::json!({})).await.problem(404, "not_found");
    assert_eq!(store.count("select count(*) from activity where action = 'job.replayed'").await, 1);
    platform.work().await;
    assert_eq!(store.count(&format!("select count(*) from souk.jobs where id = {mine}")).await, 0, "it was done");
    let dead = format!("select count(*) from souk.jobs where id = {theirs} and dead_at is not null");
    assert_eq!(other.count(&dead).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_too_often_is_given_up_and_a_kind_is_brought_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let id = put_off(&store, "maintenance", 600, "store.retain", 1).await;
    for _ in 0..Kind::Retain.tries() {
        let_lease_pass(&store, id).await;
        let job = claim(&store, 10).await.into_iter().find(|job| job.id == id).unwrap();
        assert!(jobs::fail(&cluster(&store), &job, "no luck").await.unwrap());
    }
    let which = Which { tenant: Some(store.id), state: Some(jobs::JobState::Dead), before: None };
    let dead = jobs::list(&cluster(&store), &which, 10).await.unwrap();
    assert_eq!(dead.iter().map(|job| (job.id, job.last_error.as_deref())).collect::<Vec<_>>(), [(id, Some("no luck"))]);
    let_lease_pass(&store, id).await;
    assert!(claim(&store, 10).await.is_empty(), "nobody works on what was given up");
    assert_eq!(jobs::replay_kind(&cluster(&store), Kind::Retain, Some(store.id)).await.unwrap(), 1);
    let job = claim(&store, 10).await.into_iter().find(|job| job.id == id).unwrap();
    assert_eq!(job.attempts, 1);
    assert!(!jobs::discard(&cluster(&store), id).await.unwrap(), "only what was given up can be discarded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_one_node_s_and_what_was_missed_is_done_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let cluster = cluster(&store);
    let (name, hourly) = (unique("task"), Schedule::parse("0 * * * *").unwrap());
    cron::schedule(&cluster, &name, &hourly).await.unwrap();
    assert!(cron::turn(&cluster, &name).await.unwrap().is_none(), "it is not due");
    // Nobody was there for three days.
    let back = |by: &str| format!("update souk.cron set next_run_at = now() - interval '{by}' where name = '{name}'");
    store.tamper(&back("3 days")).await;
    cron::schedule(&cluster, &name, &hourly).await.unwrap();
    let take = async || cron::turn(&cluster, &name).await.unwrap();
    let turns = tokio::join!(take(), take(), take());
    let mut turns: Vec<_> = [turns.0, turns.1, turns.2].into_iter().flatten().collect();
    assert_eq!(turns.len(), 1);
    let first = turns.remove(0);
    // It dies; after its lease another takes over, and the first can no longer say that it is done.
    store.tamper(&back("1 second")).await;
    let second = take().await.unwrap();
    assert!(!cron::go_on(&cluster, &first).await.unwrap());
    assert!(!cron::done(&cluster, &first, &hourly, None).await.unwrap());
    assert!(cron::go_on(&cluster, &second).await.unwrap());
    assert!(cron::done(&cluster, &second, &hourly, Some("half of it")).await.unwrap());
    assert!(take().await.is_none());
    let next = format!(
        "select count(*) from souk.cron where name = '{name}' and next_run_at between now() and now() + interval '1 hour' and last_error = 'half of it'"
    );
    assert_eq!(store.count(&next).await, 1);
    store.tamper(&format!("delete from souk.cron where name = '{name}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_waits_once_for_each_store() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let put_off = async || {
        cron::enqueue_upkeep(&cluster(&store), Kind::Retain, &[store.id, other.id], Duration::from_secs(60), "test")
            .await
            .unwrap()
    };
    assert_eq!((put_off().await, put_off().await), (2, 0));
    platform.work().await;
    for id in [store.id, other.id] {
        let due = format!("update souk.jobs set run_at = now() where kind = 'store.retain' and tenant_id = '{id}'");
        store.tamper(&due).await;
    }
    platform.work().await;
    assert_eq!(put_off().await, 2);
}
