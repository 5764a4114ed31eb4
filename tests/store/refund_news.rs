//! The provider's news of refunds: before our own answer, twice, out of order, of its own making, and bad.

use std::time::Duration;

use serde_json::{Value, json};
use souk_tests::{Bought, News, Platform, Store, assert_consistent, sign, unique};

/// A message about a refund.
fn news(
    store: &Store<'_>,
    bought: &Bought,
    refund: Option<&str>,
    provider_ref: &str,
    kind: &str,
    status: &str,
) -> News {
    let metadata = match refund {
        Some(id) => json!({ "souk_tenant": store.id.to_string(), "souk_refund": id }),
        None => json!({}),
    };
    News(json!({
        "id": unique("evt"), "object": "event", "type": kind, "created": 1_700_000_000, "livemode": false,
        "api_version": "2025-01-27",
        "data": { "object": {
            "id": provider_ref, "object": "refund", "status": status, "amount": 700, "currency": "eur",
            "payment_intent": bought.intent(), "metadata": metadata, "created": 1_700_000_000,
        } },
    }))
}

async fn paid(store: &Store<'_>) -> Bought {
    let variant = store.sell(1999, 5).await;
    store.buy(&[(&variant, 1)]).await
}

async fn until(what: &str, so: impl AsyncFn() -> bool) {
    for _ in 0..250 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}");
}

fn body() -> Value {
    json!({ "amount_minor": 700, "reason": "x" })
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_comes_before_the_answer_is_the_same_refund() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    for fault in ["webhook_before_reply", "webhook_twice", "webhooks_reversed"] {
        platform.spoil_refunds(fault, 1).await;
        let made = store.refund(&bought, json!({ "amount_minor": 100, "reason": fault })).await.expect(201);
        platform.work().await;
        assert_eq!(store.see_refund(&made.str("/id")).await.str("/status"), "succeeded", "{fault}");
    }
    assert_eq!(store.count("select refunded_minor from orders").await, 300);
    assert_eq!((store.count("select count(*) from refunds").await, platform.refunds_there().await.len()), (3, 3));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_and_however_often_the_end_is_the_same() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    platform.deafen();
    let kinds = [("refund.created", "pending"), ("refund.updated", "succeeded"), ("refund.failed", "failed")];
    for (n, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].into_iter().enumerate() {
        let made = store.refund(&bought, body()).await.expect(201).str("/id");
        // As if the provider had been asked and its answer lost.
        store.tamper(&format!("update refunds set status = 'processing', asked_at = now() where id = '{made}'")).await;
        store.tamper(&format!("delete from souk.jobs where tenant_id = '{}'", store.id)).await;
        for at in order {
            let (kind, status) = kinds[at];
            let news = news(&store, &bought, Some(&made), &format!("re_{n}"), kind, status);
            store.hear(&news).await.expect(200);
            store.hear(&news).await.expect(200);
            platform.hear(&News(news.0.clone()).with("/id", unique("evt"))).await.expect(200);
        }
        let seen = store.see_refund(&made).await;
        assert_eq!(seen.str("/status"), "failed", "{order:?}");
        assert_eq!(store.count("select refunded_minor + refund_pending_minor from payments").await, 0, "{order:?}");
    }
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_after_it_had_succeeded_can_be_tried_again_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 2)]).await;
    let line = store.line_of(&bought, &variant.id).await;
    let body = json!({ "lines": [{ "order_item_id": line, "quantity": 1, "restock": true }], "reason": "x" });
    let made = store.refund(&bought, body).await.expect(201).str("/id");
    store.act_on_refund(&store.token, &made, "retry", None).await.problem(409, "refund.wrong_status");
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    let provider_ref = store.see_refund(&made).await.str("/provider_ref");
    platform.end_refund(&provider_ref, "fail").await;
    until("the failure is not heard of", async || store.see_refund(&made).await.str("/status") == "failed").await;
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_eq!(store.count("select count(*) from order_errors where code = 'refund.reversed'").await, 1);
    assert_eq!(store.stock(&variant.id).await, (5, 1), "goods that are back stay back");
    assert_consistent(&store).await;

    let again = store.act_on_refund(&store.token, &made, "retry", None).await.expect(200);
    assert_eq!((again.str("/retry_of"), again.int("/amount_minor")), (made.clone(), 1999));
    store.act_on_refund(&store.token, &made, "retry", None).await.problem(409, "refund.retried_before");
    platform.work().await;
    assert_eq!(store.see_refund(&again.str("/id")).await.str("/status"), "succeeded");
    assert_eq!(store.stock(&variant.id).await, (5, 1), "and are not put back twice");
    assert_eq!(store.see(&bought).await.str("/status"), "partially_refunded");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_provider_refuses_fails_and_gives_its_promise_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    platform.deafen();
    platform.refund_there(&bought.intent(), 1999).await.expect(200);
    let made = store.refund(&bought, body()).await.expect(201).str("/id");
    platform.work().await;
    let failed = store.see_refund(&made).await;
    assert_eq!(
        (failed.str("/status"), failed.str("/failure_code")),
        ("failed".into(), "charge_already_refunded".into())
    );
    assert_eq!(store.count("select refund_pending_minor from payments").await, 0);
    assert_eq!(store.count("select count(*) from order_errors where code = 'refund.failed'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_refunds_at_the_provider_counts_here() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    // Nobody has agreed to this one yet: it gives way.
    let waiting =
        store.ask_refund(&bought, json!({ "amount_minor": 1500, "reason": "x" })).await.expect(201).str("/id");
    let there = platform.refund_there(&bought.intent(), 700).await.expect(200).str("/id");
    until("the refund is not heard of", async || store.count("select refunded_minor from orders").await == 700).await;
    let list = store.admin_get(&format!("/orders/{}/refunds", bought.order)).await.expect(200);
    assert_eq!(list.str("/data/0/status"), "cancelled");
    assert_eq!(list.str("/data/0/id"), waiting);
    assert_eq!((list.str("/data/1/status"), list.str("/data/1/provider_ref")), ("succeeded".into(), there));
    assert_eq!(list.str("/data/1/requested_by/kind"), "provider");
    assert_eq!(store.see(&bought).await.str("/status"), "partially_refunded");
    let rest = store.refund(&bought, json!({ "amount_minor": 1300, "reason": "x" })).await;
    assert_eq!(rest.problem(409, "refund.exceeds_rest").int("/rest_minor"), 1299);
    platform.work().await;
    assert_eq!(store.count("select count(*) from refunds").await, 2, "once, however many messages tell of it");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_there_is_asked_after_and_settles() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    platform.deafen();
    platform.spoil_refunds("refund_pending", 1).await;
    let made = store.refund(&bought, body()).await.expect(201).str("/id");
    platform.work().await;
    let seen = store.see_refund(&made).await;
    assert_eq!(seen.str("/status"), "processing");
    platform.end_refund(&seen.str("/provider_ref"), "succeed").await;
    store.tamper(&format!("update souk.jobs set run_at = now() where tenant_id = '{}'", store.id)).await;
    platform.work().await;
    assert_eq!(store.see_refund(&made).await.str("/status"), "succeeded");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_does_not_fit_moves_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    platform.deafen();
    let made = store.refund(&bought, body()).await.expect(201).str("/id");
    store.tamper(&format!("update refunds set status = 'processing', asked_at = now() where id = '{made}'")).await;
    store.tamper(&format!("delete from souk.jobs where tenant_id = '{}'", store.id)).await;
    let fitting = || news(&store, &bought, Some(&made), "re_x", "refund.updated", "succeeded");
    for (pointer, value) in [
        ("/data/object/amount", json!(699)),
        ("/data/object/currency", json!("usd")),
        ("/data/object/payment_intent", json!("pi_other")),
        ("/account", json!("acct_other")),
        ("/livemode", json!(true)),
    ] {
        store.hear(&fitting().with(pointer, value)).await.expect(200);
        assert_eq!(store.see_refund(&made).await.str("/status"), "processing", "{pointer}");
    }
    assert_eq!(store.count("select count(*) from order_errors where code = 'refund.report_differs'").await, 1);
    store.hear(&fitting()).await.expect(200);
    assert_eq!(store.see_refund(&made).await.str("/status"), "succeeded");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_outlives_the_server_that_kept_it() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bought = paid(&store).await;
    platform.deafen();
    platform.refund_there(&bought.intent(), 700).await.expect(200);
    // It says only that something was refunded, so the provider is asked for the list, and takes its time.
    let news = News(json!({
        "id": unique("evt"), "object": "event", "type": "charge.refunded", "created": 1_700_000_000, "livemode": false,
        "api_version": "2025-01-27",
        "data": { "object": { "id": "ch_1", "object": "charge", "payment_intent": bought.intent() } },
    }));
    platform
        .spoil(json!({ "method": "GET", "path_prefix": "/v1/refunds", "fault": "delay_before:30000", "times": 100 }))
        .await;
    let text = news.text();
    let doomed = platform.doomed().await;
    let request = doomed.request(&store, reqwest::Method::POST, "/webhooks/stripe/payments");
    let request = request.header("stripe-signature", sign(&text)).header("content-type", "application/json");
    let kept = until("the message is kept", async || {
        store.count("select count(*) from provider_events where processed_at is null").await == 1
    });
    assert!(doomed.die_upon(request.body(text), kept).await.is_none(), "it was at work on the message");
    platform.heal().await;
    store.let_pass(1).await;
    platform.work().await;
    assert_eq!(store.count("select count(*) from provider_events where processed_at is null").await, 0);
    assert_eq!(store.count("select refunded_minor from orders").await, 700);
    assert_consistent(&store).await;
}
