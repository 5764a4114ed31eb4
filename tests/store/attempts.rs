//! Several ways to pay one order, one at a time.

use futures::future::join_all;
use serde_json::json;
use souk_tests::{Bought, News, Platform, Store, assert_consistent, key};

/// The same purchase with the payment that is live now.
fn now(bought: &Bought, answer: &souk_tests::Answer) -> Bought {
    let client_secret = answer.body.pointer("/payment/client_secret").and_then(|secret| secret.as_str());
    Bought { payment: answer.str("/payment/id"), client_secret: client_secret.map(str::to_owned), ..bought.clone() }
}

async fn attempts(store: &Store<'_>) -> i64 {
    store.count("select count(*) from payments").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_pays_cash_instead_of_by_card() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let answer = store.pay_otherwise(&bought, &key(), "cod").await.expect(201);
    assert_eq!((answer.str("/order_status"), answer.str("/payment/provider")), ("confirmed".into(), "cod".into()));
    assert_eq!(platform.intent(&bought.intent()).await["status"], "canceled");
    assert_eq!((attempts(&store).await, store.stock(&variant.id).await), (2, (5, 1)));
    store.let_pass(60).await;
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "confirmed");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_card_payment_takes_the_place_of_the_first() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let first = store.order(&[(&variant, 1)]).await;
    let once = key();
    let answers = join_all((0..5).map(|_| store.pay_otherwise(&first, &once, "card"))).await;
    for answer in &answers {
        assert_eq!(answer.text, answers[0].text);
    }
    let second = now(&first, &answers[0].clone().expect(201));
    assert_ne!(first.intent(), second.intent());
    assert_eq!((attempts(&store).await, platform.intents().await.len()), (2, 2));
    assert_eq!(platform.intent(&first.intent()).await["status"], "canceled");
    // Late news of the first end nothing.
    store.hear(&News::of(&store, &first, 1999, "canceled", "canceled")).await.expect(200);
    assert_eq!(store.see(&first).await.str("/status"), "awaiting_payment");
    store.confirm(&second, "pm_card_visa").await.expect(200);
    store.until_status(&second, "paid").await;
    store.pay_otherwise(&first, &key(), "cod").await.problem(409, "payment.already_paid");
    platform.work().await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_came_just_before_the_change_pays_the_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.pay_otherwise(&bought, &key(), "cod").await.problem(409, "payment.already_paid");
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_eq!(attempts(&store).await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_goes_on_when_the_provider_is_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    platform.spoil(json!({ "path_prefix": "/v1/payment_intents", "fault": "drop_request", "times": 3 })).await;
    let once = key();
    store.pay_otherwise(&bought, &once, "card").await.problem(503, "payment.provider_unavailable");
    platform.heal().await;
    let mut answer = store.pay_otherwise(&bought, &once, "card").await;
    for _ in 0..100 {
        if answer.status == 201 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answer = store.pay_otherwise(&bought, &once, "card").await;
    }
    let second = now(&bought, &answer.expect(201));
    assert_eq!(attempts(&store).await, 2);
    store.confirm(&second, "pm_card_visa").await.expect(200);
    store.until_status(&second, "paid").await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_called_off_half_way_still_expires() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    // As a crash between the two halves of a change would leave it.
    store.tamper("update payments set void_reason = 'replaced'").await;
    store.hear(&News::of(&store, &bought, 1999, "canceled", "canceled")).await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    store.let_pass(16).await;
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "failed");
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_store_takes_and_only_for_the_orders_own_shopper() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.pay_otherwise(&bought, &key(), "manual").await.problem(409, "payment.method_not_allowed");
    store.pay_otherwise(&bought, &key(), "gold").await.problem(422, "request.invalid");
    let stranger = Bought { order_token: "x".repeat(43), ..bought.clone() };
    store.pay_otherwise(&stranger, &key(), "cod").await.problem(404, "not_found");
    assert_eq!(attempts(&store).await, 1);
    assert_eq!(platform.intent(&bought.intent()).await["status"], "requires_payment_method");
    assert_consistent(&store).await;
}
