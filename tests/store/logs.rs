//! What the log says by name, and how requests, jobs, events and the provider's messages are tied together.

use reqwest::Method;
use serde_json::Value;
use souk_tests::{Answer, Logs, Platform, Store, assert_consistent, card, key};

/// The one line of this store with an event name.
fn line(logs: &Logs, store: &Store<'_>, event: &str) -> Value {
    let lines = logs.of(event);
    let mine = lines.iter().find(|line| line["tenant"] == store.slug.as_str());
    mine.unwrap_or_else(|| panic!("no {event} of {}: {lines:?}", store.slug)).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_name_is_written_with_what_belongs_to_it() {
    let logs = Logs::capture();
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 3).await;

    let paid = store.buy(&[(&tea, 1)]).await;
    let created = line(&logs, &store, "order.created");
    assert_eq!((created["order_id"].as_str(), created["level"].as_str()), (Some(paid.order.as_str()), Some("INFO")));
    assert_eq!(created["total_minor"], 1000);
    let line_paid = line(&logs, &store, "order.paid");
    assert_eq!(line_paid["order_id"], paid.order.as_str());
    assert_eq!(line_paid["payment_id"], paid.payment.as_str());

    let declined = store.order(&[(&tea, 1)]).await;
    store.confirm(&declined, "pm_card_visa_chargeDeclined").await;
    for _ in 0..250 {
        if logs.of("payment.failed").iter().any(|line| line["tenant"] == store.slug.as_str()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let failed = line(&logs, &store, "payment.failed");
    assert_eq!(failed["level"], "WARN");
    assert!(failed["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{failed}");

    let coffee = store.sell(500, 5).await;
    let cart = store.fill_cart(&[(&coffee, 5)]).await;
    store.adjust(&coffee.id, -4).await.expect(200);
    store.checkout(&cart, &key(), &card(&cart)).await.problem(409, "stock.insufficient");
    let missing = line(&logs, &store, "stock.insufficient");
    for what in [coffee.id.as_str(), "requested", "available"] {
        assert!(missing["missing"].as_str().is_some_and(|missing| missing.contains(what)), "{missing}");
    }

    store.hear_raw("{}", "t=1,v1=00").await.problem(400, "webhook.invalid_signature");
    assert!(logs.of("webhook.invalid_signature").iter().all(|line| line["level"] == "ERROR"));
    assert!(!logs.of("webhook.invalid_signature").is_empty());

    let cart = store.fill_cart(&[(&tea, 1)]).await;
    let same = key();
    store.checkout(&cart, &same, &card(&cart)).await.expect(201);
    let mut other = card(&cart);
    other["email"] = "bob@example.com".into();
    store.checkout(&cart, &same, &other).await.problem(409, "idempotency.key_reused");
    let conflict = line(&logs, &store, "idempotency.conflict");
    assert_eq!(conflict["key"], same.as_str());
    assert!(conflict["fingerprint"].as_str().is_some_and(|fingerprint| fingerprint.len() == 16), "{conflict}");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_correlation_ties_a_purchase_together() {
    let logs = Logs::capture();
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 3).await;
    let cart = store.fill_cart(&[(&tea, 1)]).await;
    let (request_id, correlation) = (format!("req-{}", key()), format!("visit-{}", key()));
    let request = store.request(Method::POST, "/api/v1/checkouts").header("cart-token", &cart.token);
    let request = request.header("idempotency-key", key()).header("x-request-id", &request_id);
    let answer = request.header("x-correlation-id", &correlation).json(&card(&cart)).send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], request_id.as_str());
    assert_eq!(answer.headers()["x-correlation-id"], correlation.as_str());
    let bought = Store::bought(cart, &Answer::of(answer).await.expect(201));
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    platform.work().await;

    // Our own records say what a message belongs to, not the message.
    let events = store.admin_get(&format!("/orders/{}/events", bought.order)).await.expect(200);
    let events = events.body["data"].as_array().cloned().unwrap_or_default();
    assert!(events.len() >= 2, "{events:?}");
    for event in &events {
        assert_eq!(event["metadata"]["correlation_id"], correlation.as_str(), "{event}");
    }
    assert_eq!(events[0]["metadata"]["request_id"], request_id.as_str());
    let paid = events.iter().find(|event| event["type"] == "order.paid").unwrap();
    let cause = paid["metadata"]["causation_id"].as_str().unwrap_or_default();
    assert!(cause.starts_with("evt_"), "the provider's message caused it: {paid}");

    let url = format!("{}/v1/payment_intents/{}", platform.sandbox.url(), bought.intent());
    let intent = platform.client.get(url).bearer_auth("sk_test_souk_tests_0123456789").send().await.unwrap();
    assert_eq!(Answer::of(intent).await.expect(200).str("/metadata/souk_correlation"), correlation);

    let line = line(&logs, &store, "order.paid");
    assert_eq!(line["correlation_id"], correlation.as_str());
    let request_line = logs
        .lines()
        .into_iter()
        .find(|line| line["message"] == "POST /api/v1/checkouts" && line["request_id"] == request_id.as_str());
    assert!(request_line.is_some_and(|line| line["correlation_id"] == correlation.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_cannot_stand_in_a_log_is_replaced() {
    let platform = Platform::start().await;
    for bad in ["with spaces", "", &"x".repeat(129), "ümlaut"] {
        let request = platform.request(Method::GET, "localhost", "/health/live");
        let value = reqwest::header::HeaderValue::from_bytes(bad.as_bytes()).unwrap();
        let answer = request.header("x-request-id", &value).header("x-correlation-id", value).send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        assert_ne!(id, bad);
        assert_eq!(id.len(), 36, "one of ours: {id}");
        assert_eq!(answer.headers()["x-correlation-id"], id, "what belongs to nothing else belongs to itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_told_step_by_step_in_reverse() {
    let logs = Logs::capture();
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let tea = store.sell(1000, 3).await;
    let bought = store.order(&[(&tea, 1)]).await;
    store.let_pass(60).await;
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "failed");
    let steps = ["order_created", "price_locked", "inventory_reserved", "cart_validated"];

    let mine = |line: &Value| line["message"] == "rollback step completed" && line["order_id"] == bought.order.as_str();
    let lines: Vec<Value> = logs.lines().into_iter().filter(mine).collect();
    let told: Vec<_> = lines.iter().map(|line| line["phase"].as_str().unwrap()).collect();
    assert_eq!(told, steps);
    assert!(lines.iter().all(|line| line["ms"].is_u64() && line["reason"] == "checkout_expired"), "{lines:?}");

    let log = "select log from checkouts";
    let kept: Value = sqlx::Row::get(&store.rows(log).await[0], 0);
    let kept: Vec<_> = kept.as_array().unwrap().iter().filter(|entry| !entry["undone"].is_null()).collect();
    assert_eq!(kept.iter().map(|entry| entry["undone"].as_str().unwrap()).collect::<Vec<_>>(), steps);
    assert!(kept.iter().all(|entry| entry["ms"].is_u64()), "{kept:?}");
    assert_consistent(&store).await;
}
