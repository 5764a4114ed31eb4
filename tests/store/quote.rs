//! The total that the shopper has seen is the total that is charged, or nothing is.

use serde_json::json;
use souk_tests::{Platform, assert_consistent, card, key};

#[tokio::test(flavor = "multi_thread")]
async fn another_total_than_expected_refuses_with_the_new_quote() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 2)]).await;
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 1200 })).await.expect(200);
    let mut body = card(&cart);
    body["expected_total_minor"] = 2000.into();
    let answer = store.checkout(&cart, &key(), &body).await.problem(409, "checkout.price_changed");
    assert_eq!((answer.int("/expected_total_minor"), answer.int("/quote/total_minor")), (2000, 2400));
    assert_eq!(answer.int("/quote/items/0/unit_price_minor"), 1200);
    assert_eq!(store.count("select count(*) from orders").await, 0);
    body["expected_total_minor"] = answer.int("/quote/total_minor").into();
    let answer = store.checkout(&cart, &key(), &body).await.expect(201);
    assert_eq!(answer.int("/order/total_minor"), 2400);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changes_after_the_checkout_does_not_change_the_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let bought = store.order(&[(&variant, 2)]).await;
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 1 })).await.expect(200);
    store.admin_delete(&format!("/products/{}", variant.product)).await.expect(204);
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    let order = store.until_status(&bought, "paid").await;
    assert_eq!((order.int("/total_minor"), order.int("/items/0/unit_price_minor")), (2000, 1000));
    assert_eq!(order.str("/items/0/sku"), variant.sku);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cart_shows_the_prices_of_the_moment() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 2)]).await;
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 1200 })).await.expect(200);
    let seen = store.with_cart(&cart, reqwest::Method::GET, &format!("/api/v1/carts/{}", cart.id), None).await;
    assert_eq!(seen.expect(200).int("/total_minor"), 2400);
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_that_moved_since_the_cart_was_shown_are_told_before_anything_is_bought() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let cart = store.fill_cart(&[(&variant, 2)]).await;
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 1001 })).await.expect(200);
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.problem(409, "checkout.price_changed");
    assert_eq!((answer.int("/drift_minor"), answer.int("/quote/total_minor")), (2, 2002));
    assert_eq!(
        (answer.int("/quote/items/0/seen_price_minor"), answer.int("/quote/items/0/unit_price_minor")),
        (1000, 1001)
    );

    // Whoever has seen the new price buys at it.
    let path = format!("/api/v1/carts/{}", cart.id);
    store.with_cart(&cart, reqwest::Method::GET, &path, None).await.expect(200);
    let bought = store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    assert_eq!(bought.int("/order/total_minor"), 2002);

    // A difference that the store tolerates is none.
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 1002 })).await.expect(200);
    store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    store.admin_patch("/settings", json!({ "price_tolerance_minor": 50 })).await.expect(200);
    store.admin_patch(&format!("/variants/{}", variant.id), json!({ "price_minor": 1052 })).await.expect(200);
    let mut body = card(&cart);
    body["expected_total_minor"] = 1001.into();
    store.checkout(&cart, &key(), &body).await.problem(409, "checkout.price_changed");
    body["expected_total_minor"] = 1002.into();
    let bought = store.checkout(&cart, &key(), &body).await.expect(201);
    assert_eq!(bought.int("/order/total_minor"), 1052);
    assert_consistent(&store).await;
}
