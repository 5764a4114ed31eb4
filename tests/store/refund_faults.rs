//! The provider is slow, cut off, broken or overrun while it gives money back: once, and never twice.

use std::time::Duration;

use serde_json::json;
use souk_tests::{Bought, Platform, Store, assert_consistent, settings};

/// A platform that waits for the provider no longer than tests can.
async fn hasty() -> Platform {
    let mut settings = settings();
    settings.set("SOUK__STRIPE__TIMEOUT_SECONDS", "1");
    Platform::start_with(settings).await
}

/// Works until the refund stands so; the gateway gives a provider that failed a few seconds of peace.
async fn until(platform: &Platform, store: &Store<'_>, refund: &str, status: &str) {
    for _ in 0..150 {
        platform.work().await;
        if store.see_refund(refund).await.str("/status") == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        store.tamper(&format!("update souk.jobs set run_at = now() where tenant_id = '{}'", store.id)).await;
    }
    panic!("the refund did not become {status}: {}", store.see_refund(refund).await.text);
}

async fn bought_and_asked(store: &Store<'_>, body: serde_json::Value) -> (Bought, String) {
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let refund = store.refund(&bought, body).await.expect(201).str("/id");
    (bought, refund)
}

/// A refund under a fault that strikes so often: after healing it has succeeded, once.
async fn refund_under(fault: &str, times: u64) {
    let platform = hasty().await;
    let store = platform.open_store().await;
    platform.spoil_refunds(fault, times).await;
    let (bought, refund) = bought_and_asked(&store, json!({ "amount_minor": 700, "reason": fault })).await;
    platform.work().await;
    platform.heal().await;
    until(&platform, &store, &refund, "succeeded").await;
    let there = platform.refunds_there().await;
    assert_eq!(there.len(), 1, "{fault} × {times}: {there:?}");
    assert_eq!(there[0]["amount"], 700);
    assert_eq!(store.count("select count(*) from refunds").await, 1);
    assert_eq!(store.see(&bought).await.str("/status"), "partially_refunded");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_lost() {
    refund_under("drop_reply", 1).await;
    refund_under("drop_reply", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_lost() {
    refund_under("drop_request", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_overrun() {
    refund_under("rate_limited", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_cut_off() {
    refund_under("garbage", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_too_slow() {
    refund_under("delay_before:1500", 2).await;
    refund_under("delay_after:1500", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_was_none_is_found_in_the_list() {
    refund_under("error_executed", 1).await;
}

/// Lets every job be due, and does it.
async fn go_on(platform: &Platform, store: &Store<'_>) {
    store.tamper(&format!("update souk.jobs set run_at = now() where tenant_id = '{}'", store.id)).await;
    platform.work().await;
}

/// Until the provider, which fails, is left in peace no longer, so that what it keeps under our key is heard again.
async fn until_absent(platform: &Platform, store: &Store<'_>) {
    for _ in 0..100 {
        go_on(platform, store).await;
        if store.count("select count(*) from refunds where absent_since is not null").await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody noticed that the provider has no such refund");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_stays_under_our_key_gives_way_to_another_key_once_it_is_certain() {
    let platform = hasty().await;
    let store = platform.open_store().await;
    platform.spoil_refunds("error_not_executed", 1).await;
    let (_, refund) = bought_and_asked(&store, json!({ "amount_minor": 700, "reason": "x" })).await;
    until_absent(&platform, &store).await;
    go_on(&platform, &store).await;
    assert_eq!(store.see_refund(&refund).await.str("/status"), "processing", "absent once is not absent");
    assert_eq!(store.count("select refund_pending_minor from payments").await, 700);
    assert!(platform.refunds_there().await.is_empty());
    assert_consistent(&store).await;
    store.tamper("update refunds set absent_since = absent_since - interval '20 seconds'").await;
    go_on(&platform, &store).await;
    assert_eq!(store.see_refund(&refund).await.str("/status"), "succeeded");
    assert_eq!(store.count("select count(*) from refunds where provider_key like '%-2'").await, 1);
    assert_eq!(platform.refunds_there().await.len(), 1);
    assert_consistent(&store).await;
}

/// A refund that was executed, its answer lost, while nobody says what became of it.
async fn executed_and_unheard(platform: &Platform, store: &Store<'_>) -> String {
    platform.deafen();
    platform
        .spoil(json!({ "method": "GET", "path_prefix": "/v1/refunds", "fault": "drop_request", "times": 1000 }))
        .await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.let_pass(5).await;
    platform.work().await;
    platform.spoil_refunds("error_executed", 1).await;
    store.refund(&bought, json!({ "amount_minor": 700, "reason": "x" })).await.expect(201).str("/id")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_never_brings_another_key() {
    let platform = hasty().await;
    let store = platform.open_store().await;
    let refund = executed_and_unheard(&platform, &store).await;
    for _ in 0..5 {
        go_on(&platform, &store).await;
    }
    assert_eq!(store.see_refund(&refund).await.str("/status"), "processing");
    assert_eq!(store.count("select count(*) from refunds where absent_since is not null").await, 0);
    platform.heal().await;
    until(&platform, &store, &refund, "succeeded").await;
    assert_eq!(store.count("select count(*) from refunds where provider_key like '%-2'").await, 0);
    assert_eq!(platform.refunds_there().await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_long_ago_is_looked_for_before_it_is_asked_again() {
    let platform = hasty().await;
    let store = platform.open_store().await;
    let refund = executed_and_unheard(&platform, &store).await;
    platform.work().await;
    assert_eq!(store.see_refund(&refund).await.str("/status"), "processing");
    store.tamper("update refunds set asked_at = asked_at - interval '24 hours'").await;
    platform.heal().await;
    until(&platform, &store, &refund, "succeeded").await;
    assert_eq!(platform.refunds_there().await.len(), 1);
    assert_eq!(
        store.count("select count(*) from refunds where provider_key like '%-2'").await,
        0,
        "no new key was needed"
    );
    assert_consistent(&store).await;
}
