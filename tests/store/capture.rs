//! Money that is authorised first and captured later, money that comes by itself, and the platform's part of it.

use reqwest::Method;
use serde_json::json;
use souk_tests::{Bought, News, Platform, Store, Variant, assert_consistent, card, key, settings};

async fn lazy(platform: &Platform) -> (Store<'_>, Variant) {
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "capture": "manual" })).await.expect(200);
    let variant = store.sell(1999, 5).await;
    (store, variant)
}

async fn authorised(store: &Store<'_>, variant: &Variant) -> Bought {
    let bought = store.order(&[(variant, 2)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_payment(&bought, "authorized").await;
    bought
}

#[tokio::test(flavor = "multi_thread")]
async fn authorised_money_keeps_the_goods_and_captured_money_pays_the_order() {
    let platform = Platform::start().await;
    let (store, variant) = lazy(&platform).await;
    let bought = store.order(&[(&variant, 2)]).await;
    let capture = format!("/orders/{}/capture", bought.order);
    store.admin_once(&capture, &key(), None).await.problem(409, "payment.not_authorized");
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    let seen = store.until_payment(&bought, "authorized").await;
    assert_eq!(
        (seen.str("/checkout/status"), seen.str("/checkout/phase")),
        ("completed".into(), "payment_authorized".into())
    );
    assert_eq!(seen.str("/order/status"), "awaiting_payment");
    store.let_pass(120).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 2), "what is authorised does not expire with the checkout");
    assert_consistent(&store).await;

    let once = key();
    let first = store.admin_once(&capture, &once, None).await.expect(200);
    assert_eq!(first.str("/status"), "paid");
    store.admin_once(&capture, &once, None).await.replays(&first);
    assert_eq!(store.admin_once(&capture, &key(), None).await.expect(200).str("/status"), "paid");
    let intent = platform.intent(&bought.intent()).await;
    assert_eq!((intent["status"].as_str(), intent["amount_received"].as_i64()), (Some("succeeded"), Some(3998)));
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/phase"), "completed");
    platform.work().await;
    assert_consistent(&store).await;
    let nobody = format!("/orders/{}/capture", uuid::Uuid::now_v7());
    store.admin_once(&nobody, &key(), None).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_that_lapses_gives_the_goods_back() {
    let platform = Platform::start().await;
    let (store, variant) = lazy(&platform).await;
    let bought = authorised(&store, &variant).await;
    platform.at_provider(&format!("payment_intents/{}/expire", bought.intent())).await.expect(200);
    store.until_status(&bought, "cancelled").await;
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    let order = store.admin_get(&format!("/orders/{}", bought.order)).await.expect(200);
    assert_eq!(order.str("/failure"), "authorization_lapsed");
    store
        .admin_once(&format!("/orders/{}/capture", bought.order), &key(), None)
        .await
        .problem(409, "payment.not_authorized");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_of_another_amount_does_not_count() {
    let platform = Platform::start().await;
    platform.deafen();
    let (store, variant) = lazy(&platform).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let news = News::of(&store, &bought, 1999, "amount_capturable_updated", "requires_capture");
    store.hear(&news.clone().with("/data/object/amount_capturable", 1998).with("/id", "evt_less")).await.expect(200);
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "active");
    assert_eq!(store.count("select count(*) from payments where flag = 'amount_differs'").await, 1);
    store.hear(&news).await.expect(200);
    assert_eq!(store.see_checkout(&bought).await.str("/payment/status"), "authorized");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_transfer_is_waited_for_and_marked_as_paid_by_staff() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let mut body = card(&cart);
    body["payment_method"] = "manual".into();
    let refused = store.checkout(&cart, &key(), &body).await.problem(422, "checkout.invalid");
    assert_eq!(refused.errors(), [("payment_method".into(), "INVALID_PAYMENT".into())]);
    store.admin_patch("/settings", json!({ "payment_methods": ["card", "manual"] })).await.expect(200);
    let answer = store.checkout(&cart, &key(), &body).await.expect(201);
    assert_eq!(
        (answer.str("/order/status"), answer.str("/payment/provider")),
        ("awaiting_payment".into(), "manual".into())
    );
    let bought = Store::bought(cart, &answer);
    store.let_pass(6 * 24 * 60).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 1));

    let path = format!("/orders/{}/mark-paid", bought.order);
    store.admin_once(&path, &key(), Some(json!({ "reference": " " }))).await.problem(422, "request.invalid");
    let paid = store.admin_once(&path, &key(), Some(json!({ "reference": "statement 7" }))).await.expect(200);
    assert_eq!(paid.str("/status"), "paid");
    store.admin_once(&path, &key(), Some(json!({ "reference": "again" }))).await.problem(409, "payment.already_paid");
    let payments = store.admin_get("/payments").await.expect(200);
    assert_eq!(
        (payments.str("/data/0/reference"), payments.int("/data/0/captured_minor")),
        ("statement 7".into(), 1999)
    );
    let acts = store.admin_get("/activity").await.expect(200);
    assert!(acts.text.contains("order.marked_paid"), "{}", acts.text);
    assert_consistent(&store).await;

    let by_card = store.order(&[(&variant, 1)]).await;
    let path = format!("/orders/{}/mark-paid", by_card.order);
    store.admin_once(&path, &key(), Some(json!({ "reference": "x" }))).await.problem(409, "payment.not_manual");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_never_comes_gives_the_goods_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    store
        .admin_patch("/settings", json!({ "payment_methods": ["manual"], "manual_payment_days": 2 }))
        .await
        .expect(200);
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let mut body = card(&cart);
    body["payment_method"] = "manual".into();
    store.checkout(&cart, &key(), &body).await.expect(201);
    store.let_pass(2 * 24 * 60 + 1).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_account_gets_the_money_less_the_platforms_part() {
    let mut settings = settings();
    settings.set("SOUK__STRIPE__APPLICATION_FEE_PERCENT", "2.5");
    let platform = Platform::start_with(settings).await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let souk = &platform.souk;
    let opened = souk.stores.of(store.id).await.unwrap().unwrap();
    let shop = souk.stores.open(&opened, kernel::origin::Origin::system());
    commerce::settings::connect(&shop, Some("acct_1Merchant")).await.unwrap();
    let bought = store.order(&[(&variant, 1)]).await;
    let intent = platform.intent(&bought.intent()).await;
    assert_eq!(
        (intent["account"].as_str(), intent["application_fee_amount"].as_i64()),
        (Some("acct_1Merchant"), Some(50))
    );
    let url = format!("{}/v1/payment_intents/{}/confirm", platform.sandbox.url(), bought.intent());
    let form = format!(
        "key=pk_test_souk_tests_0123456789&client_secret={}&payment_method=pm_card_visa&return_url=https%3A%2F%2Fexample.com",
        bought.client_secret.as_ref().unwrap()
    );
    let request = platform.client.request(Method::POST, url).header("stripe-account", "acct_1Merchant");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(request.send().await.unwrap().status(), 200);
    store.until_status(&bought, "paid").await;
    let payments = store.admin_get("/payments").await.expect(200);
    assert_eq!(payments.int("/data/0/application_fee_minor"), 50);
    assert_consistent(&store).await;
}
