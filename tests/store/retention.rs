//! What was kept long enough is put away, and everything still adds up.

use commerce::{replay, retention};
use souk_tests::{Platform, Store, assert_consistent, key};

/// Lets so many days pass for what is kept.
async fn age(store: &Store<'_>, days: i32) {
    for (table, column) in
        [("events", "created_at"), ("stock_movements", "created_at"), ("provider_events", "received_at")]
    {
        store.tamper(&format!("update {table} set {column} = {column} - interval '{days} days'")).await;
    }
}

/// The reports as they would be had they been made back then.
async fn report_anew(store: &Store<'_>) {
    store.tamper("delete from sales_days; delete from stock_days; delete from sold_days; update projections set sequence = 0").await;
    commerce::reports::catch_up(&store.shop().await).await.unwrap();
}

async fn assert_verified(store: &Store<'_>) {
    let verified = replay::verify(&store.shop().await, |_| {}).await.unwrap();
    assert_eq!(verified.differences, []);
}

async fn retain(store: &Store<'_>) {
    assert_eq!(retention::retain(&store.shop().await).await.unwrap(), retention::Progress::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_of_what_is_at_rest_become_snapshots() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 50).await;
    let paid = store.buy(&[(&variant, 2)]).await;
    let ended = store.order(&[(&variant, 1)]).await;
    store.cancel(&ended, &key()).await.expect(200);
    platform.work().await;
    retain(&store).await;
    assert_eq!(store.count("select count(*) from event_snapshots").await, 0, "all of it is young");

    age(&store, 91).await;
    report_anew(&store).await;
    let last = store.count("select max(sequence) from events").await;
    retain(&store).await;
    let of = |table: &str, id: &str| format!("select count(*) from {table} where aggregate_id = '{id}'");
    assert_eq!(store.count(&of("event_snapshots", &ended.order)).await, 1);
    assert_eq!(store.count(&of("events", &ended.order)).await, 0);
    assert_eq!(store.count(&of("event_snapshots", &paid.order)).await, 0, "a paid order is not at its end");
    assert_eq!(store.count(&of("events", &paid.order)).await, 3);
    assert_eq!(store.count(&of("events", &variant.id)).await, 0, "stock is put away as far as it is old");
    let who = "select count(*) from event_snapshots, jsonb_array_elements(state -> 'history') h
               where aggregate_type = 'order' and h -> 'actor' is not null and h -> 'at' is not null and h -> 'type' is not null";
    assert_eq!(store.count(who).await, 3);
    assert_verified(&store).await;
    assert_consistent(&store).await;

    // Who has read the feed before learns that something is missing; from the place told it is whole.
    let gone = store.admin_get("/events?after=0").await.problem(410, "events.gone");
    let first = gone.int("/first_sequence");
    assert!(first > 1 && first <= last + 1);
    store.order(&[(&variant, 1)]).await;
    platform.work().await;
    let rest = store.admin_get(&format!("/events?after={}&limit=100", first - 1)).await.expect(200);
    let sequences: Vec<i64> =
        rest.body["data"].as_array().unwrap().iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    let newest = store.count("select sequence from feed").await;
    assert_eq!(sequences, (first..=newest).collect::<Vec<_>>());

    // Life goes on after the snapshot, and another one takes it in.
    assert_verified(&store).await;
    retain(&store).await;
    age(&store, 91).await;
    report_anew_after(&store).await;
    retain(&store).await;
    assert_verified(&store).await;
    assert_consistent(&store).await;
}

/// The days of events that are left move with them; those in snapshots stay.
async fn report_anew_after(store: &Store<'_>) {
    replay::rebuild(&store.shop().await, |_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_reports_have_not_read_is_kept() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 50).await;
    let ended = store.order(&[(&variant, 1)]).await;
    store.cancel(&ended, &key()).await.expect(200);
    platform.work().await;
    age(&store, 91).await;
    store.tamper("delete from sales_days; delete from stock_days; delete from sold_days; update projections set sequence = 0").await;
    retain(&store).await;
    assert_eq!(store.count("select count(*) from event_snapshots").await, 0);
    commerce::reports::catch_up(&store.shop().await).await.unwrap();
    retain(&store).await;
    assert!(store.count("select count(*) from event_snapshots").await > 0);
    assert_verified(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_movements_become_one_and_levels_stay_their_sum() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 50).await;
    for delta in [5, -3, 7] {
        store.adjust(&variant.id, delta).await.expect(200);
    }
    store.order(&[(&variant, 2)]).await;
    platform.work().await;
    age(&store, 731).await;
    store.adjust(&variant.id, 1).await.expect(200);
    retain(&store).await;
    let movements = store.admin_get("/stock/movements").await.expect(200);
    let movements = movements.body["data"].as_array().unwrap().clone();
    assert_eq!(movements.len(), 2, "{movements:?}");
    assert_eq!(movements[1]["reason"], "carried over");
    assert_eq!((&movements[1]["delta_on_hand"], &movements[1]["delta_reserved"]), (&59.into(), &2.into()));
    assert_consistent(&store).await;
    retain(&store).await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_s_words_go_before_their_ids() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 50).await;
    store.buy(&[(&variant, 1)]).await;
    platform.work().await;
    let all = store.count("select count(*) from provider_events").await;
    assert!(all > 0);
    age(&store, 91).await;
    retain(&store).await;
    assert_eq!(store.count("select count(*) from provider_events where payload = ''").await, all);
    age(&store, 300).await;
    retain(&store).await;
    assert_eq!(store.count("select count(*) from provider_events").await, 0);
}
