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
