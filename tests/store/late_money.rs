//! Money that nobody waits for any more: the order comes back to life with it, or it goes back by itself.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, Bought, News, Platform, Store, assert_consistent, card, key};

/// The order's payment ends here, while the intent lives on at the provider: as when news of an end are wrong, or
/// overtaken.
async fn ended(store: &Store<'_>, bought: &Bought) {
    store.hear(&News::of(store, bought, 1999, "canceled", "canceled")).await.expect(200);
    assert_eq!(store.see(bought).await.str("/status"), "failed");
}

/// The shopper pays all the same, and the provider tells.
async fn pays(store: &Store<'_>, bought: &Bought) {
    store.confirm(bought, "pm_card_visa").await.expect(200);
    store.hear(&News::of(store, bought, 1999, "succeeded", "succeeded")).await.expect(200);
}

/// Lets the worker send back what bought nothing.
async fn returned(store: &Store<'_>, intent: &str) {
    store.platform.work().await;
    assert_eq!(store.platform.intent(intent).await["refunded"], 1999);
    let open = "select count(*) from payments where surplus and (refunded_minor <> captured_minor or flag is not null)";
    assert_eq!(store.count(open).await, 0, "all of it is returned and no flag is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_goods_are_still_there_is_paid_after_all() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    ended(&store, &bought).await;
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    pays(&store, &bought).await;
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "completed");
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    platform.work().await;
    assert_eq!(platform.intent(&bought.intent()).await["refunded"], 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_goods_that_are_gone_goes_back() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let variant = store.sell(1999, 1).await;
    let late = store.order(&[(&variant, 1)]).await;
    ended(&store, &late).await;
    let quick = store.order(&[(&variant, 1)]).await;
    pays(&store, &quick).await;
    pays(&store, &late).await;
    assert_eq!(
        (store.see(&late).await.str("/status"), store.see(&quick).await.str("/status")),
        ("failed".into(), "paid".into())
    );
    assert_eq!(store.stock(&variant.id).await, (1, 1));
    returned(&store, &late.intent()).await;
    assert_eq!(platform.intent(&quick.intent()).await["refunded"], 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_a_cart_that_was_bought_again_goes_back() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let first = store.order(&[(&variant, 1)]).await;
    ended(&store, &first).await;
    let answer = store.checkout(&first.cart, &key(), &card(&first.cart)).await.expect(201);
    let second = Store::bought(first.cart.clone(), &answer);
    pays(&store, &second).await;
    pays(&store, &first).await;
    assert_eq!(
        (store.see(&first).await.str("/status"), store.see(&second).await.str("/status")),
        ("failed".into(), "paid".into())
    );
    returned(&store, &first.intent()).await;
    assert_consistent(&store).await;
}

/// An intent of somebody's making that names our payment.
async fn another_intent(store: &Store<'_>, bought: &Bought, form: &str) -> Answer {
    let platform = store.platform;
    let url = format!("{}/v1/payment_intents", platform.sandbox.url());
    let form = format!(
        "amount=1999&currency=eur&metadata[souk_tenant]={}&metadata[souk_order]={}&metadata[souk_payment]={}{form}",
        store.id, bought.order, bought.payment
    );
    let request = platform.client.request(Method::POST, url).bearer_auth("sk_test_souk_tests_0123456789");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    Answer::of(request.send().await.unwrap()).await.expect(200)
}

async fn until_calm(store: &Store<'_>, what: &str) {
    for _ in 0..250 {
        store.platform.work().await;
        if store.count(what).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("still there: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_payments_of_one_order_the_second_goes_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let second =
        another_intent(&store, &bought, "&confirm=true&payment_method=pm_card_visa&return_url=https://x.example").await;
    assert_eq!(second.str("/status"), "succeeded");
    until_calm(&store, "select 1 - count(*) from payments where surplus and refunded_minor = 1999").await;
    returned(&store, &second.str("/id")).await;
    assert_eq!(platform.intent(&bought.intent()).await["refunded"], 0);
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_too_many_is_called_off() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let second = another_intent(&store, &bought, "").await.str("/id");
    until_calm(&store, "select 1 - count(*) from payments where surplus").await;
    platform.work().await;
    assert_eq!(platform.intent(&second).await["status"], "canceled");
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_of_an_order_that_is_dead_is_called_off() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    ended(&store, &bought).await;
    store.hear(&News::of(&store, &bought, 1999, "requires_action", "requires_action")).await.expect(200);
    platform.work().await;
    assert_eq!(platform.intent(&bought.intent()).await["status"], "canceled");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_orders_that_expire_as_they_are_paid_each_is_paid_or_costs_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 100).await;
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.extend(join_all((0..10).map(|_| async { store.order(&[(&variant, 1)]).await })).await);
    }
    store.let_pass(16).await;
    let worker = platform.worker();
    let confirmed = join_all(orders.iter().map(|bought| store.confirm(bought, "pm_card_visa")));
    let (swept, worked, confirmed) = tokio::join!(worker.sweep(), worker.jobs(), confirmed);
    swept.unwrap();
    worked.unwrap();
    for (bought, answer) in orders.iter().zip(&confirmed) {
        store.until_status(bought, if answer.status == 200 { "paid" } else { "failed" }).await;
    }
    platform.work().await;
    let intents = platform.intents().await;
    let mut paid = 0;
    for bought in &orders {
        let intent = intents.iter().find(|intent| intent["id"] == bought.intent()).unwrap();
        let kept = intent["amount_received"].as_i64().unwrap() - intent["refunded"].as_i64().unwrap();
        let status = store.see(bought).await.str("/status");
        assert_eq!(kept, if status == "paid" { 1999 } else { 0 }, "{status}: {intent}");
        paid += i32::from(status == "paid");
    }
    assert_eq!(store.stock(&variant.id).await, (100, paid));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_the_provider_will_not_take_back_is_left_to_a_person() {
    let platform = Platform::start().await;
    platform.deafen();
    let store = platform.open_store().await;
    let variant = store.sell(1999, 1).await;
    let late = store.order(&[(&variant, 1)]).await;
    ended(&store, &late).await;
    store.adjust(&variant.id, -1).await.expect(200);
    platform.spoil(json!({ "path_prefix": "/v1/refunds", "fault": "refund_fails", "times": 9 })).await;
    pays(&store, &late).await;
    for _ in 0..20 {
        platform.work().await;
        store.let_pass(1).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let flagged = "select count(*) from payments where surplus and flag = 'paid_after_end' and refunded_minor = 0";
    assert_eq!(store.count(flagged).await, 1);
    assert_consistent(&store).await;
}
