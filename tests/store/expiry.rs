//! A checkout whose time is over gives its goods back, unless the money came after all.

use souk_tests::{Platform, assert_consistent, card, key};

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_checkout_gives_its_goods_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    let bought = store.order(&[(&variant, 2)]).await;
    store.let_pass(14).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (2, 2), "not before its time");
    store.let_pass(2).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (2, 0));
    assert_eq!(store.see(&bought).await.str("/status"), "failed");
    let checkout = store.see_checkout(&bought).await;
    assert_eq!(
        (checkout.str("/checkout/status"), checkout.str("/payment/status")),
        ("expired".into(), "cancelled".into())
    );
    assert_eq!(platform.intents().await[0]["status"], "canceled");
    let order = store.admin_get(&format!("/orders/{}", bought.order)).await.expect(200);
    assert_eq!(
        order.body["history"].as_array().unwrap().last().unwrap()["reason"],
        "checkout_expired",
        "{}",
        order.text
    );
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_finds_what_lost_its_job() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    store.order(&[(&variant, 2)]).await;
    store.let_pass(16).await;
    store.tamper(&format!("delete from souk.jobs where tenant_id = '{}'", store.id)).await;
    platform.worker().sweep().await.unwrap();
    assert_eq!(store.stock(&variant.id).await, (2, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_can_be_bought_again_after_it_expired_in_checkout() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    let first = store.order(&[(&variant, 2)]).await;
    store.let_pass(16).await;
    platform.work().await;
    let answer = store.checkout(&first.cart, &key(), &card(&first.cart)).await.expect(201);
    let second = souk_tests::Store::bought(first.cart.clone(), &answer);
    assert_eq!((first.number, second.number), (1001, 1002));
    store.confirm(&second, "pm_card_visa").await.expect(200);
    store.until_status(&second, "paid").await;
    assert_eq!(store.see(&first).await.str("/status"), "failed");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_key_tells_the_old_purchase_after_it_expired() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    let first = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    store.let_pass(16).await;
    platform.work().await;
    let again = store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    again.replays(&first);
    assert_eq!(store.count("select count(*) from orders").await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_came_just_before_the_end_pays_the_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 2).await;
    let bought = store.order(&[(&variant, 2)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.let_pass(16).await;
    platform.worker().sweep().await.unwrap();
    assert_eq!(store.see(&bought).await.str("/status"), "paid");
    platform.work().await;
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "completed");
    assert_eq!(store.stock(&variant.id).await, (2, 2));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_stay_held_while_the_provider_does_not_say() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    platform.deafen();
    let variant = store.sell(1999, 2).await;
    let bought = store.order(&[(&variant, 2)]).await;
    platform
        .spoil(serde_json::json!({ "path_prefix": "/v1/payment_intents", "fault": "drop_request", "times": 100 }))
        .await;
    store.let_pass(16).await;
    platform.worker().sweep().await.unwrap();
    assert_eq!(store.stock(&variant.id).await, (2, 2));
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "active");
    assert_eq!(store.count("select count(*) from checkouts where expires_at > now()").await, 1, "held a little longer");
    platform.heal().await;
    for _ in 0..100 {
        store.let_pass(6).await;
        platform.work().await;
        if store.stock(&variant.id).await == (2, 0) {
            assert_eq!(store.see(&bought).await.str("/status"), "failed");
            assert_eq!(platform.intents().await[0]["status"], "canceled");
            return assert_consistent(&store).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the goods were never given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_says_how_long_it_holds_its_goods() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 2).await;
    let patience = serde_json::json!({ "checkout_ttl_minutes": 3 });
    store.admin(reqwest::Method::PATCH, "/settings", Some(patience)).await.expect(200);
    store.order(&[(&variant, 2)]).await;
    store.let_pass(2).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (2, 2));
    store.let_pass(2).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (2, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_and_payment_at_once_end_in_one_of_the_two() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1999, 20).await;
    let purchases = futures::future::join_all((0..20).map(async |_| store.order(&[(&variant, 1)]).await)).await;
    store.let_pass(16).await;
    let worker = platform.worker();
    let confirmed = futures::future::join_all(purchases.iter().map(|bought| store.confirm(bought, "pm_card_visa")));
    let (swept, worked, confirmed) = tokio::join!(worker.sweep(), worker.jobs(), confirmed);
    swept.unwrap();
    worked.unwrap();
    let paid = confirmed.iter().filter(|answer| answer.status == 200).count();
    for (bought, answer) in purchases.iter().zip(&confirmed) {
        store.until_status(bought, if answer.status == 200 { "paid" } else { "failed" }).await;
    }
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (20, i32::try_from(paid).unwrap()));
    assert_consistent(&store).await;
}
