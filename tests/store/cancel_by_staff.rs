//! Staff calls an order off, with everything that follows from it.

use futures::future::join_all;
use serde_json::json;
use souk_tests::{Platform, assert_consistent, key};

fn because(reason: &str) -> serde_json::Value {
    json!({ "reason": reason })
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_is_paid_the_payment_is_called_off_too() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.order(&[(&variant, 2)]).await;
    let answer = store.act(&bought, "cancel", because("shopper rang")).await.expect(200);
    assert_eq!((answer.str("/status"), answer.str("/payments/0/status")), ("cancelled".into(), "cancelled".into()));
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    let intents = platform.intents().await;
    let intent = intents.iter().find(|intent| intent["id"] == bought.intent().as_str()).unwrap();
    assert_eq!(intent["status"], "canceled");
    // The cart can be used again.
    let again = store.checkout(&bought.cart, &key(), &souk_tests::card(&bought.cart)).await.expect(201);
    assert_ne!(again.str("/order/id"), bought.order);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_gives_back_goods_and_money() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 2)]).await;
    let answer = store.act(&bought, "cancel", because("out of season")).await.expect(200);
    assert_eq!((answer.str("/stage"), answer.str("/failure")), ("cancelled".into(), "out of season".into()));
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    let promised =
        "select sum(amount_minor)::bigint from refunds where status not in ('rejected', 'cancelled', 'failed')";
    assert_eq!(store.count(promised).await, 3998);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_has_not_come_is_not_waited_for() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy_cash(&[(&variant, 2)]).await;
    let answer = store.act(&bought, "cancel", because("nobody at home")).await.expect(200);
    assert_eq!((answer.str("/status"), answer.str("/payments/0/status")), ("cancelled".into(), "cancelled".into()));
    assert_eq!(store.count("select count(*) from refunds").await, 0);
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_packed_is_too_late_and_the_answer_says_what_to_do() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.packed(&[(&variant, 2)]).await;
    let refused = store.act(&bought, "cancel", because("late")).await.problem(409, "order.too_late_to_cancel");
    assert_eq!((refused.str("/stage"), refused.str("/instead")), ("packed".into(), "refund".into()));
    let line = store.line(&bought, 0).await;
    let one = json!({ "items": [{ "order_item_id": line, "quantity": 1 }] });
    store.act(&bought, "ship", one).await.expect(200);
    store.act(&bought, "cancel", because("late")).await.problem(409, "order.too_late_to_cancel");
    assert_eq!(store.stock(&variant.id).await, (9, 1));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_cancellations_one_is_done_and_a_key_repeats_its_answer() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 2)]).await;
    let first = key();
    let answers = join_all((0..50).map(async |n| {
        let key = if n < 25 { first.clone() } else { key() };
        store.act_with(&bought, "cancel", because(&format!("no {}", if n < 25 { 0 } else { n })), &key).await
    }))
    .await;
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
    }
    assert_eq!(store.count("select count(*) from refunds").await, 1);
    assert_eq!(store.count("select count(*) from events where event_type = 'order.cancelled'").await, 1);
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    let late = store.act(&bought, "cancel", because("another reason")).await.problem(409, "order.wrong_stage");
    assert_eq!(late.body["allowed"], json!([]));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_money_may_be_quicker_and_then_goes_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 10).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    // Nobody has told us that it is paid.
    let answer = store.act(&bought, "cancel", because("changed our mind")).await.expect(200);
    assert_eq!(answer.str("/stage"), "cancelled");
    assert_eq!(store.count("select count(*) from refunds").await, 1);
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_a_key_and_a_reason() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 10).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let path = format!("/orders/{}/cancel", bought.order);
    store.admin_post(&path, because("x")).await.problem(400, "idempotency.key_required");
    for body in
        [json!({}), because(""), because(" "), because(&"x".repeat(201)), json!({ "reason": "x", "refund": true })]
    {
        store.act(&bought, "cancel", body).await.problem(422, "request.invalid");
    }
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn promised_money_is_let_go_with_the_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "capture": "manual" })).await.expect(200);
    let variant = store.sell(1999, 10).await;
    let bought = store.order(&[(&variant, 2)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_payment(&bought, "authorized").await;
    let answer = store.act(&bought, "cancel", because("shopper rang")).await.expect(200);
    assert_eq!((answer.str("/status"), answer.str("/failure")), ("cancelled".into(), "shopper rang".into()));
    assert_eq!(platform.intent(&bought.intent()).await["status"], "canceled");
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    assert_eq!(store.count("select count(*) from activity where action = 'order.cancelled'").await, 1);
    assert_consistent(&store).await;
}
