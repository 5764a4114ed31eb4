//! The provider is slow, cut off, broken, overrun or mad: never a second payment, never a lost one.

use std::time::Duration;

use souk_tests::{Answer, Cart, Platform, Store, assert_consistent, card, key, settings};

/// A platform that waits for the provider no longer than tests can.
async fn hasty() -> Platform {
    let mut settings = settings();
    settings.set("SOUK__STRIPE__TIMEOUT_SECONDS", "1");
    Platform::start_with(settings).await
}

/// Sends the checkout again, as clients do when they are told to, until there is an answer.
async fn retried(store: &Store<'_>, cart: &Cart, key: &str) -> Answer {
    let mut last = store.checkout(cart, key, &card(cart)).await;
    for _ in 0..200 {
        match (last.status, last.code()) {
            (503, "payment.provider_unavailable") | (409, "idempotency.in_progress") => {}
            _ => return last,
        }
        // The gateway gives a provider that fails a few seconds of peace.
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = store.checkout(cart, key, &card(cart)).await;
    }
    panic!("no answer in the end: {}", last.text);
}

/// Lets the worker work until it is so; the gateway gives a provider that failed a few seconds of peace.
async fn until(platform: &Platform, store: &Store<'_>, so: impl AsyncFn() -> bool) {
    for _ in 0..100 {
        platform.work().await;
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        store.tamper(&format!("update souk.jobs set run_at = now() where tenant_id = '{}'", store.id)).await;
        store.tamper("update payments set absent_since = absent_since - interval '20 seconds'").await;
    }
    panic!("the worker did not catch up");
}

/// A sale under a fault that strikes so often: 201 or 503, and after healing and trying again one paid order.
async fn sale_under(fault: &str, times: u64) {
    let platform = hasty().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    platform.spoil_creation(fault, times).await;
    let first = store.checkout(&cart, &key, &card(&cart)).await;
    if first.status != 201 {
        let first = first.problem(503, "payment.provider_unavailable");
        assert!(first.header("retry-after").is_some());
        assert_eq!(store.stock(&variant.id).await, (5, 1), "what is undecided stays held");
    }
    platform.heal().await;
    let answer = retried(&store, &cart, &key).await.expect(201);
    let bought = Store::bought(cart, &answer);
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_eq!(platform.intents().await.len(), 1, "{fault}");
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_eq!(store.count("select count(*) from payments").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_lost_once_or_always() {
    sale_under("drop_reply", 1).await;
    sale_under("drop_reply", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_lost_once_or_always() {
    sale_under("drop_request", 1).await;
    sale_under("drop_request", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_overrun() {
    sale_under("rate_limited", 1).await;
    sale_under("rate_limited", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_cut_off() {
    sale_under("garbage", 1).await;
    sale_under("garbage", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_slow_before_or_after() {
    sale_under("delay_before:2500", 1).await;
    sale_under("delay_after:5000", 1).await;
}

/// The provider keeps its error for a day under our key: asking again brings the same.
async fn stuck(fault: &str) -> (Platform, String) {
    let platform = hasty().await;
    platform.deafen();
    platform.spoil_creation(fault, 1).await;
    (platform, key())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_was_none_is_found_by_searching() {
    let (platform, key) = stuck("error_executed").await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    for _ in 0..2 {
        store.checkout(&cart, &key, &card(&cart)).await.problem(503, "payment.provider_unavailable");
    }
    assert_eq!(store.count("select count(*) from payments where status = 'unknown'").await, 1);
    store.let_pass(10).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 1), "unknown is not failed");
    store.let_pass(24 * 60).await;
    store.tamper("update checkouts set expires_at = now() + interval '10 minutes'").await;
    platform.work().await;
    let answer = retried(&store, &cart, &key).await.expect(201);
    assert!(answer.str("/payment/client_secret").starts_with("pi_"), "{}", answer.text);
    let bought = Store::bought(cart, &answer);
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.let_pass(5).await;
    platform.work().await;
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    assert_eq!(platform.intents().await.len(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_was_one_gives_the_goods_back_once_that_is_certain() {
    let (platform, key) = stuck("error_not_executed").await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    store.checkout(&cart, &key, &card(&cart)).await.problem(503, "payment.provider_unavailable");
    store.let_pass(20).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 1), "unknown is not failed, even when the time is over");
    store.let_pass(24 * 60).await;
    until(&platform, &store, async || store.stock(&variant.id).await == (5, 0)).await;
    assert_eq!(platform.intents().await.len(), 0);
    retried(&store, &cart, &souk_tests::key()).await.expect(201);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_down_everything_else_works() {
    let platform = hasty().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 50).await;
    platform.spoil_creation("drop_request", 1000).await;
    for _ in 0..4 {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let answer = store.checkout(&cart, &key(), &card(&cart)).await.problem(503, "payment.provider_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    store.get("/api/v1/products").await.expect(200);
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let cash = store.checkout(&cart, &key(), &souk_tests::cash(&cart)).await.expect(201);
    assert_eq!(cash.str("/order/status"), "confirmed");
    platform.heal().await;
    until(&platform, &store, async || platform.intents().await.len() == 4).await;
    assert_consistent(&store).await;
}
