//! What happened is told: in order, without gaps, to everybody who asks.

use serde_json::Value;
use souk_tests::{Platform, Store, assert_consistent, cash, key};

/// The whole feed, read in small stretches.
async fn feed(store: &Store<'_>) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let page = store.admin_get(&format!("/events?after={after}&limit=7")).await.expect(200);
        let data = page.body["data"].as_array().unwrap();
        if data.is_empty() {
            return all;
        }
        all.extend(data.clone());
        after = page.str("/next_cursor");
    }
}

async fn assert_all_told(store: &Store<'_>) {
    let (tenant, feed) = (store.id, feed(store).await);
    let sequences: Vec<i64> = feed.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    let count = store.count("select count(*) from events").await;
    assert_eq!(sequences, (1..=count).collect::<Vec<_>>());
    let mut versions = std::collections::HashMap::new();
    for event in &feed {
        let next = versions.entry(event["aggregate_id"].to_string()).or_insert(0);
        *next += 1;
        assert_eq!(event["version"].as_i64(), Some(*next), "{event}");
    }
    assert_eq!(store.count(&format!("select count(*) from souk.outbox where tenant_id = '{tenant}'")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_s_events_tell_its_life() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 50).await;
    let life = async |order: &str| {
        let events = store.admin_get(&format!("/orders/{order}/events")).await.expect(200);
        let data = events.body["data"].as_array().unwrap().clone();
        let versions: Vec<i64> = data.iter().map(|event| event["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, (1..=i64::try_from(data.len()).unwrap()).collect::<Vec<_>>());
        data.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let paid = store.buy(&[(&variant, 1)]).await;
    assert_eq!(life(&paid.order).await, ["order.created", "order.awaiting_payment", "order.paid"]);
    let cancelled = store.order(&[(&variant, 1)]).await;
    store.cancel(&cancelled, &key()).await.expect(200);
    assert_eq!(life(&cancelled.order).await, ["order.created", "order.awaiting_payment", "order.cancelled"]);
    let expired = store.order(&[(&variant, 1)]).await;
    store.let_pass(16).await;
    platform.work().await;
    assert_eq!(life(&expired.order).await, ["order.created", "order.awaiting_payment", "order.failed"]);
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let cod = store.checkout(&cart, &key(), &cash(&cart)).await.expect(201);
    assert_eq!(life(&cod.str("/order/id")).await, ["order.created", "order.confirmed"]);
    store.admin_get(&format!("/orders/{}/events", uuid::Uuid::now_v7())).await.problem(404, "not_found");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_complete_and_without_gaps() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 500).await;
    futures::future::join_all((0..20).map(async |_| store.order(&[(&variant, 1)]).await)).await;
    platform.work().await;
    assert_all_told(&store).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    platform.work().await;
    assert_all_told(&store).await;
    let feed = feed(&store).await;
    let paid = feed.iter().find(|event| event["type"] == "order.paid").unwrap();
    assert_eq!(paid["aggregate_id"], bought.order.as_str());
    assert_eq!(paid["metadata"]["actor"]["kind"], "provider", "{paid}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_are_handed_on_twice_keep_their_places() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 500).await;
    store.order(&[(&variant, 1)]).await;
    platform.work().await;
    let before = feed(&store).await;
    // As if the relay had died between handing on and forgetting.
    store
        .tamper(&format!(
            "insert into souk.outbox (tenant_id, positions)
             select '{}', array_agg(position order by position) from events",
            store.id
        ))
        .await;
    platform.work().await;
    assert_eq!(feed(&store).await, before);
    assert_all_told(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_at_once_leave_no_gap() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 500).await;
    let sell = async {
        for _ in 0..10 {
            store.order(&[(&variant, 1)]).await;
        }
    };
    let relay = async || {
        for _ in 0..30 {
            platform.worker().news().await.unwrap();
        }
    };
    tokio::join!(sell, relay(), relay(), relay());
    platform.work().await;
    assert_all_told(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn low_stock_is_told_once_for_each_time_it_runs_low() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", serde_json::json!({ "low_stock_threshold": 3 })).await.expect(200);
    let variant = store.sell(1999, 5).await;
    let low = async || store.count("select count(*) from events where event_type = 'stock.low'").await;
    platform.work().await;
    assert_eq!(low().await, 0);
    store.order(&[(&variant, 1)]).await;
    platform.work().await;
    assert_eq!(low().await, 0);
    for _ in 0..3 {
        store.order(&[(&variant, 1)]).await;
        platform.work().await;
        assert_eq!(low().await, 1);
    }
    store.adjust(&variant.id, 10).await.expect(200);
    platform.work().await;
    store.adjust(&variant.id, -10).await.expect(200);
    platform.work().await;
    assert_eq!(low().await, 2);
    assert_all_told(&store).await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_everything_is_decided_no_work_is_left() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 50).await;
    store.buy(&[(&variant, 1)]).await;
    let cancelled = store.order(&[(&variant, 1)]).await;
    store.cancel(&cancelled, &key()).await.expect(200);
    store.order(&[(&variant, 1)]).await;
    let jobs = format!("select count(*) from souk.jobs where tenant_id = '{}'", store.id);
    // What the provider says of the ends may itself come late.
    for _ in 0..100 {
        store.let_pass(16).await;
        platform.work().await;
        if store.count(&jobs).await == 0 {
            assert_all_told(&store).await;
            return assert_consistent(&store).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("there is work left");
}
