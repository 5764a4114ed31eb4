//! The plan's limits are exact, however many come at once.

use futures::future::join_all;
use serde_json::json;
use souk_tests::{Platform, assert_consistent, card, cash, key, unique};

#[tokio::test(flavor = "multi_thread")]
async fn of_60_orders_at_once_the_month_takes_25() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.limit("max_orders_per_month", 25).await;
    let variant = store.sell(500, 1000).await;
    let carts = join_all((0..60).map(async |_| store.fill_cart(&[(&variant, 1)]).await)).await;
    let buy = async |n: usize, cart| {
        store.checkout(cart, &key(), &if n.is_multiple_of(2) { card(cart) } else { cash(cart) }).await
    };
    let answers = join_all(carts.iter().enumerate().map(|(n, cart)| buy(n, cart))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 25);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        let refused = refused.problem(403, "limit.reached");
        assert_eq!(refused.str("/feature"), "max_orders_per_month");
        assert_eq!((refused.int("/limit"), refused.int("/used")), (25, 25));
        assert_eq!(refused.str("/plan"), "starter", "the cheapest plan that allows one more");
    }
    assert_eq!(store.stock(&variant.id).await, (1000, 25));
    assert_eq!(store.count("select orders_in_month from store_state").await, 25);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_may_be_sent_again_under_its_key_once_the_limit_is_raised() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.limit("max_orders_per_month", 0).await;
    let variant = store.sell(500, 10).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let key = key();
    store.checkout(&cart, &key, &card(&cart)).await.problem(403, "limit.reached");
    assert_eq!(store.stock(&variant.id).await, (10, 0));
    store.limit("max_orders_per_month", 1).await;
    store.checkout(&cart, &key, &card(&cart)).await.expect(201);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_products_at_once_the_plan_takes_10() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.limit("max_products", 10).await;
    let make = async |_| {
        let product = json!({ "title": unique("P"), "variants": [{ "sku": unique("S"), "price_minor": 1 }] });
        store.admin_post("/products", product).await
    };
    let answers = join_all((0..100).map(make)).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 10);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        let refused = refused.clone().problem(403, "limit.reached");
        assert_eq!(
            (refused.str("/feature"), refused.int("/limit"), refused.int("/used")),
            ("max_products".into(), 10, 10)
        );
    }
    assert_eq!(store.count("select count(*) from products").await, 10);
    store.admin_delete(&format!("/products/{}", made[0].str("/id"))).await.expect(204);
    make(0).await.expect(201);
    make(0).await.problem(403, "limit.reached");
    store.limit("max_products", 5).await;
    make(0).await.problem(403, "limit.reached");
    assert_eq!(store.count("select count(*) from products where deleted_at is null").await, 10, "nothing is deleted");
}
