//! What went wrong with orders, and who has seen to it.

use serde_json::json;
use souk_tests::{Platform, assert_consistent};

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_listed_narrowed_and_resolved() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let (one, two) = (store.buy(&[(&variant, 1)]).await, store.buy(&[(&variant, 1)]).await);
    let first = store.fault(&one, "shipping", "low").await;
    let second = store.fault(&two, "inventory", "critical").await;
    let listed = async |query: &str| -> Vec<String> {
        let answer = store.admin_get(&format!("/errors{query}")).await.expect(200);
        answer.body["data"].as_array().unwrap().iter().map(|error| error["id"].to_string()).collect()
    };
    assert_eq!(listed("").await, [second.clone(), first.clone()]);
    assert_eq!(listed("?category=shipping").await, [first.as_str()]);
    assert_eq!(listed("?severity=critical&resolved=false").await, [second.as_str()]);
    assert_eq!(listed("?category=shipping&severity=critical").await, [""; 0]);
    store.admin_get("/errors?severity=worst").await.problem(400, "request.invalid_query");
    let page = store.admin_get("/errors?limit=1").await.expect(200);
    assert_eq!(listed(&format!("?limit=1&cursor={}", page.str("/next_cursor"))).await, [first.as_str()]);

    let path = format!("/errors/{first}/resolve");
    let resolved = store.admin_post(&path, json!({ "resolution": "Sent again" })).await.expect(200);
    assert_eq!((resolved.str("/resolution"), resolved.str("/resolved_by/kind")), ("Sent again".into(), "staff".into()));
    let again = store.admin_post(&path, json!({ "resolution": "Something else" })).await.expect(200);
    assert_eq!(
        (again.str("/resolution"), again.str("/resolved_at")),
        ("Sent again".into(), resolved.str("/resolved_at"))
    );
    assert_eq!(listed("?resolved=false").await, [second.as_str()]);
    assert_eq!(listed("?resolved=true").await, [first.as_str()]);
    store.admin_post("/errors/999999/resolve", json!({ "resolution": "x" })).await.problem(404, "not_found");
    store.admin_post("/errors/nothing/resolve", json!({ "resolution": "x" })).await.problem(404, "not_found");
    store.admin_post(&path, json!({ "resolution": " " })).await.problem(422, "request.invalid");

    let of_order = store.admin_get(&format!("/orders/{}/errors", one.order)).await.expect(200);
    assert_eq!(of_order.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(store.detail(&one).await.body["errors"], json!([]));
    let seen = store.detail(&two).await;
    assert_eq!((seen.int("/error_count"), seen.str("/errors/0/code")), (1, "test.fault".into()));
    assert_eq!(store.count("select count(*) from events where event_type = 'order.error_resolved'").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_for_staff_alone() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let path = format!("/orders/{}/notes", bought.order);
    for text in ["Rang twice", "Prefers the back door"] {
        store.admin_post(&path, json!({ "text": text })).await.expect(201);
    }
    let notes = store.admin_get(&path).await.expect(200);
    assert_eq!(
        (notes.str("/data/0/text"), notes.str("/data/1/text")),
        ("Prefers the back door".into(), "Rang twice".into())
    );
    let page = store.admin_get(&format!("{path}?limit=1")).await.expect(200);
    let rest = store.admin_get(&format!("{path}?limit=1&cursor={}", page.str("/next_cursor"))).await.expect(200);
    assert_eq!((rest.str("/data/0/text"), rest.body["next_cursor"].is_null()), ("Rang twice".into(), true));
    for body in [json!({ "text": "" }), json!({ "text": "x".repeat(4001) }), json!({ "text": "x", "shown": true })] {
        store.admin_post(&path, body).await.problem(422, "request.invalid");
    }
    assert!(!store.see(&bought).await.text.contains("back door"));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_is_noted_once_and_counted_each_time() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.order(&[(&variant, 1)]).await;
    platform.spoil(json!({ "path_prefix": "/v1/payment_intents", "fault": "drop_request", "times": 100 })).await;
    for _ in 0..2 {
        let refused = store.act(&bought, "cancel", json!({ "reason": "shopper rang" })).await;
        refused.problem(503, "payment.provider_unavailable");
    }
    let order = store.detail(&bought).await;
    assert_eq!((order.int("/error_count"), order.body["errors"].as_array().unwrap().len()), (2, 1), "{}", order.text);
    assert_eq!((order.str("/errors/0/category"), order.str("/status")), ("external".into(), "awaiting_payment".into()));
    assert_consistent(&store).await;
}
