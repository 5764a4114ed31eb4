//! Whatever goes wrong at the provider, and whatever was asked of it: once it is well again, all is settled within five
//! minutes, by the worker alone, and there is one charge or none.

use std::time::Duration;

use serde_json::json;
use souk_tests::{Bought, Platform, Store, assert_consistent, card, key, settings};

/// What goes wrong with requests, and how often: for long enough that the request itself gives up.
const FAULTS: &[(&str, u64)] = &[
    ("drop_reply", 9),
    ("drop_request", 9),
    ("rate_limited", 9),
    ("garbage", 9),
    ("error_executed", 1),
    ("error_not_executed", 1),
    ("delay_before:2500", 1),
    ("delay_after:5000", 1),
];

async fn hasty() -> Platform {
    let mut settings = settings();
    settings.set("SOUK__STRIPE__TIMEOUT_SECONDS", "1");
    Platform::start_with(settings).await
}

/// Lets at most five minutes pass, with the worker at work, until it is so.
async fn within_five_minutes(store: &Store<'_>, fault: &str, so: impl AsyncFn() -> bool) {
    let platform = store.platform;
    let due = format!("update souk.jobs set run_at = run_at - interval '20 seconds' where tenant_id = '{}'", store.id);
    for _ in 0..15 {
        platform.work().await;
        if so().await {
            return;
        }
        // The gateway leaves a provider that failed alone for a few seconds of the machine's own time.
        tokio::time::sleep(Duration::from_secs(3)).await;
        store.tamper(&due).await;
        store
            .tamper("update payments set absent_since = absent_since - interval '20 seconds', unknown_since = unknown_since - interval '20 seconds'")
            .await;
    }
    panic!("{fault}: not settled");
}

fn alive(intents: &[serde_json::Value], bought: &str) -> usize {
    intents.iter().filter(|intent| intent["metadata"]["souk_order"] == bought && intent["status"] != "canceled").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_under_every_fault_is_payable_in_the_end() {
    let platform = hasty().await;
    platform.deafen();
    for (fault, times) in FAULTS {
        let store = platform.open_store().await;
        let variant = store.sell(1999, 5).await;
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        platform.spoil_creation(fault, *times).await;
        let first = store.checkout(&cart, &key(), &card(&cart)).await;
        assert!(matches!(first.status, 201 | 503), "{fault}: {}", first.text);
        platform.heal().await;
        let known = async || store.count("select count(*) from payments where provider_ref is not null").await == 1;
        within_five_minutes(&store, fault, known).await;
        let order = store.admin_get("/orders").await.expect(200).str("/data/0/id");
        let intents = platform.intents().await;
        assert_eq!(alive(&intents, &order), 1, "{fault}");
        assert_eq!(store.count("select count(*) from payments where status = 'requires_action'").await, 1, "{fault}");
        assert_consistent(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_under_every_fault_takes_the_money_once() {
    let platform = hasty().await;
    for (fault, times) in FAULTS {
        let store = platform.open_store().await;
        store.admin_patch("/settings", json!({ "capture": "manual" })).await.expect(200);
        let variant = store.sell(1999, 5).await;
        let bought = store.order(&[(&variant, 1)]).await;
        store.confirm(&bought, "pm_card_visa").await.expect(200);
        store.until_payment(&bought, "authorized").await;
        platform.deafen();
        let path = format!("/v1/payment_intents/{}/capture", bought.intent());
        platform.spoil(json!({ "path_prefix": path, "fault": fault, "times": times })).await;
        let answer = store.admin_once(&format!("/orders/{}/capture", bought.order), &key(), None).await;
        assert!(matches!(answer.status, 200 | 503), "{fault}: {}", answer.text);
        platform.heal().await;
        within_five_minutes(&store, fault, async || store.see(&bought).await.str("/status") == "paid").await;
        assert_eq!(platform.intent(&bought.intent()).await["amount_received"], 1999, "{fault}");
        assert_consistent(&store).await;
        platform.hearken();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_called_off_under_every_fault_ends_on_both_sides() {
    let platform = hasty().await;
    platform.deafen();
    for (fault, times) in FAULTS {
        let store = platform.open_store().await;
        let variant = store.sell(1999, 5).await;
        let bought: Bought = store.order(&[(&variant, 1)]).await;
        let path = format!("/v1/payment_intents/{}/cancel", bought.intent());
        platform.spoil(json!({ "path_prefix": path, "fault": fault, "times": times })).await;
        store.let_pass(16).await;
        platform.work().await;
        platform.heal().await;
        within_five_minutes(&store, fault, async || store.see(&bought).await.str("/status") == "failed").await;
        assert_eq!(platform.intent(&bought.intent()).await["status"], "canceled", "{fault}");
        assert_eq!(store.stock(&variant.id).await, (5, 0), "{fault}");
        assert_consistent(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_under_our_key_with_a_search_that_lags_ends_in_one_payable_intent() {
    let platform = hasty().await;
    platform.deafen();
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    platform.spoil_creation("error_executed", 1).await;
    platform.spoil(json!({ "path_prefix": "/v1/payment_intents/search", "fault": "search_lags", "times": 100 })).await;
    let key = key();
    store.checkout(&cart, &key, &card(&cart)).await.problem(503, "payment.provider_unavailable");
    let known = async || store.count("select count(*) from payments where provider_ref is not null").await == 1;
    within_five_minutes(&store, "search_lags", known).await;
    // The first one shows up at last.
    let order = store.admin_get("/orders").await.expect(200).str("/data/0/id");
    let answer = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    let bought = Store::bought(cart, &answer);
    let intents = platform.intents().await;
    assert_eq!(alive(&intents, &order), 2);
    let lost =
        intents.iter().find(|intent| intent["id"] != bought.intent()).unwrap()["id"].as_str().unwrap().to_owned();
    let news = souk_tests::News::of(&store, &bought, 1999, "created", "requires_payment_method");
    store.hear(&news.with("/data/object/id", lost.clone())).await.expect(200);
    platform.heal().await;
    within_five_minutes(&store, "lost", async || platform.intent(&lost).await["status"] == "canceled").await;
    platform.hearken();
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_status(&bought, "paid").await;
    assert_eq!(platform.intents().await.iter().filter(|intent| intent["amount_received"] == 1999).count(), 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_stays_undecided_raises_the_alarm_once() {
    let platform = hasty().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    platform.spoil_creation("drop_request", 9).await;
    store.checkout(&cart, &key(), &card(&cart)).await.problem(503, "payment.provider_unavailable");
    store.tamper("update payments set unknown_since = now() - interval '61 minutes', provider_ref = null").await;
    platform.worker().sweep().await.unwrap();
    let flagged = "select count(*) from payments where flag = 'undecided'";
    assert_eq!(store.count(flagged).await, 1);
    platform.worker().sweep().await.unwrap();
    assert_eq!(store.count("select count(*) from order_errors where code = 'payment.undecided'").await, 1);
    platform.heal().await;
    within_five_minutes(&store, "alarm", async || store.count(flagged).await == 0).await;
    assert_consistent(&store).await;
}
