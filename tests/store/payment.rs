//! How a payment goes: declined and tried again, authenticated, in process, told late, twice, never.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, Bought, Platform, Store, assert_consistent, card, cash, key};

/// Makes the person's choice on the bank's page.
async fn authenticate(store: &Store<'_>, bought: &Bought, outcome: &str) -> Answer {
    let url = format!("{}/sandbox/authenticate/{}", store.platform.sandbox.url(), bought.intent());
    let request = store.platform.client.post(url).header("content-type", "application/x-www-form-urlencoded");
    Answer::of(request.body(format!("outcome={outcome}")).send().await.unwrap()).await
}

/// Makes the provider deliver messages about this purchase's confirmation in another way.
async fn spoil_confirmation(store: &Store<'_>, bought: &Bought, fault: &str) {
    let rule = json!({ "method": "POST", "path_prefix": format!("/v1/payment_intents/{}/confirm", bought.intent()), "fault": fault });
    store.platform.spoil(rule).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leaves_the_goods_held_for_another_try() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    for name in ["pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"] {
        let declined = store.confirm(&bought, name).await.expect(402);
        assert_eq!(declined.str("/error/code"), "card_declined");
    }
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_eq!(store.count("select count(*) from payments").await, 1);
    let intents = platform.intents().await;
    assert_eq!((intents.len(), intents[0]["amount_received"].as_i64()), (1, Some(1999)));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_told_to_staff() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa_chargeDeclinedInsufficientFunds").await.expect(402);
    for _ in 0..250 {
        let payments = store.admin_get("/payments").await.expect(200);
        if payments.body["data"][0]["failure_code"] == "insufficient_funds" {
            assert_eq!(payments.str("/data/0/status"), "requires_action");
            return assert_consistent(&store).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the decline was not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticated_card_pays_and_one_that_is_not_does_not() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let asked = store.confirm(&bought, "pm_card_threeDSecure2Required").await.expect(200);
    assert_eq!(asked.str("/status"), "requires_action");
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    authenticate(&store, &bought, "fail").await;
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    store.confirm(&bought, "pm_card_threeDSecure2Required").await.expect(200);
    authenticate(&store, &bought, "complete").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_process_is_waited_for() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    assert_eq!(store.confirm(&bought, "pm_sandbox_processing").await.expect(200).str("/status"), "processing");
    store.until_status(&bought, "paid").await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_way_the_provider_tells_it_the_order_is_paid_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 50).await;
    for fault in ["webhook_before_reply", "webhook_twice", "webhook_late:300", "webhooks_reversed"] {
        let bought = store.order(&[(&variant, 1)]).await;
        spoil_confirmation(&store, &bought, fault).await;
        store.confirm(&bought, "pm_card_visa").await.expect(200);
        store.until_status(&bought, "paid").await;
        let events = store.admin_get(&format!("/orders/{}/events", bought.order)).await.expect(200);
        assert_eq!(events.text.matches("order.paid").count(), 1, "{fault}: {}", events.text);
        assert_consistent(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_before_the_reply_to_the_first_request_does_no_harm() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    platform.spoil_creation("webhook_before_reply", 1).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_tells_of_is_found_by_asking() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    assert_eq!(store.see(&bought).await.str("/status"), "awaiting_payment");
    store.let_pass(5).await;
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "completed");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_a_browser_says_makes_an_order_paid() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    for method in [Method::PATCH, Method::PUT, Method::POST] {
        let order = format!("/api/v1/orders/{}", bought.order);
        store
            .with_cart(&bought.cart, method.clone(), &order, Some(json!({ "status": "paid" })))
            .await
            .problem(405, "route.wrong_method");
        let order = format!("/orders/{}", bought.order);
        store.admin(method, &order, Some(json!({ "status": "paid" }))).await.problem(405, "route.wrong_method");
    }
    let path = format!("/api/v1/orders/{}?payment_intent={}&redirect_status=succeeded", bought.order, bought.intent());
    let request = store.request(Method::GET, &path).header("order-token", &bought.order_token);
    assert_eq!(Answer::of(request.send().await.unwrap()).await.expect(200).str("/status"), "awaiting_payment");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_at_once_buy_a_cart_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 50).await;
    for _ in 0..5 {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let body = card(&cart);
        let answers = join_all((0..2).map(async |_| store.checkout(&cart, &key(), &body).await)).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{answers:?}");
        assert_eq!(answers[0].str("/order/id"), answers[1].str("/order/id"));
        assert_eq!(answers[0].str("/payment/client_secret"), answers[1].str("/payment/client_secret"));
    }
    assert_eq!(store.count("select count(*) from orders").await, 5);
    assert_eq!(platform.intents().await.len(), 5);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_the_provider_refuses_to_prepare_undoes_the_purchase() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    // More than the provider takes in one payment.
    let variant = store.sell(100_000_000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let refused = store.checkout(&cart, &key, &card(&cart)).await.problem(402, "payment.refused");
    assert_eq!(refused.str("/provider_code"), "amount_too_large");
    store.checkout(&cart, &key, &card(&cart)).await.replays(&refused);
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    let order = store.admin_get(&format!("/orders/{}", refused.str("/order_id"))).await.expect(200);
    assert_eq!((order.str("/status"), order.str("/failure")), ("failed".into(), "payment_refused".into()));
    let cash = store.checkout(&cart, &souk_tests::key(), &cash(&cart)).await.expect(201);
    assert_eq!(cash.int("/order/number"), 1002);
    assert_consistent(&store).await;
}
