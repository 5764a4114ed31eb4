//! Promotions at the till: what one purchase uses, the next does not find.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_tests::{Platform, Store, assert_consistent, card, cash, key};
use uuid::Uuid;

/// Puts a promotion of so many percent into the store.
async fn promotion(store: &Store<'_>, code: &str, percent: i32, limit: &str, per_customer: &str) -> Uuid {
    let id = Uuid::now_v7();
    store
        .tamper(&format!(
            "insert into promotions (id, title, code, kind, percent, usage_limit, per_customer_limit)
             values ('{id}', '{code}', '{code}', 'percent', {percent}, {limit}, {per_customer})"
        ))
        .await;
    store.tamper("update store_state set pricing_version = pricing_version + 1").await;
    id
}

async fn used(store: &Store<'_>, id: Uuid) -> (i64, i64) {
    let open =
        format!("select count(*) from promotion_redemptions where promotion_id = '{id}' and released_at is null");
    (store.count(&format!("select used from promotions where id = '{id}'")).await, store.count(&open).await)
}

fn with(mut body: Value, field: &str, value: &str) -> Value {
    body[field] = value.into();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_for_one_is_used_once_however_many_try_at_the_same_time() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 100).await;
    let id = promotion(&store, "ONCE", 10, "1", "null").await;
    let mut carts = Vec::new();
    for _ in 0..50 {
        carts.push(store.fill_cart(&[(&variant, 1)]).await);
    }
    let tries = carts.iter().enumerate().map(|(n, cart)| {
        let body = with(with(cash(cart), "promo_code", "once"), "email", &format!("c{n}@example.com"));
        let store = &store;
        async move { store.checkout(cart, &key(), &body).await }
    });
    let answers = join_all(tries).await;
    let bought: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(bought.len(), 1);
    assert_eq!((bought[0].int("/order/discount_minor"), bought[0].int("/order/total_minor")), (100, 900));
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.status, refused.str("/errors/0/code")), (422, "PROMO_LIMIT_REACHED".to_owned()));
    }
    assert_eq!(used(&store, id).await, (1, 1));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_per_customer_holds_for_many_carts_at_once_and_any_spelling() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 100).await;
    let id = promotion(&store, "TWICE", 10, "null", "2").await;
    let mut carts = Vec::new();
    for _ in 0..12 {
        carts.push(store.fill_cart(&[(&variant, 1)]).await);
    }
    let tries = carts.iter().enumerate().map(|(n, cart)| {
        let email = if n % 2 == 0 { "ann@example.com" } else { "ANN@Example.com" };
        let body = with(with(cash(cart), "promo_code", "TWICE"), "email", email);
        let store = &store;
        async move { store.checkout(cart, &key(), &body).await }
    });
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let body = with(with(cash(&cart), "promo_code", "TWICE"), "email", "bob@example.com");
    store.checkout(&cart, &key(), &body).await.expect(201);
    assert_eq!(used(&store, id).await, (3, 3));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_comes_to_nothing_gives_its_promotion_back() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 10).await;
    let id = promotion(&store, "ONCE", 50, "1", "null").await;
    for _ in 0..2 {
        let cart = store.fill_cart(&[(&variant, 1)]).await;
        let answer = store.checkout(&cart, &key(), &with(card(&cart), "promo_code", "ONCE")).await.expect(201);
        let bought = Store::bought(cart, &answer);
        assert_eq!(used(&store, id).await, (1, 1));
        store.cancel(&bought, &key()).await.expect(200);
        assert_eq!(used(&store, id).await, (0, 0));
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_says_rule_by_rule_what_made_its_total() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (shirt, sock) = (store.sell(1999, 10).await, store.sell(333, 10).await);
    promotion(&store, "TEN", 10, "null", "null").await;
    store
        .tamper(&format!(
            "insert into tax_rates (id, title, country, percent, inclusive) values ('{}', 'VAT', 'DE', 7.75, false)",
            Uuid::now_v7()
        ))
        .await;
    store
        .tamper(&format!(
            "insert into shipping_methods (id, code, title, zones) values ('{}', 'post', 'Post', '{}')",
            Uuid::now_v7(),
            json!([{ "countries": ["DE"], "price_minor": 490 }])
        ))
        .await;
    store.tamper("update store_state set pricing_version = pricing_version + 1").await;
    let cart = store.fill_cart(&[(&shirt, 3), (&sock, 1)]).await;
    let answer = store.checkout(&cart, &key(), &with(cash(&cart), "promo_code", "TEN")).await.expect(201);
    assert_eq!((answer.int("/order/subtotal_minor"), answer.int("/order/discount_minor")), (6330, 633));
    assert_eq!(answer.int("/order/shipping_minor"), 490);
    assert_eq!(answer.str("/order/shipping_method"), "post");

    let path = format!("/orders/{}/explain", answer.str("/order/id"));
    let told = store.admin_get(&path).await.expect(200);
    let counts = |step: &Value| !step["rule"].as_str().unwrap().ends_with("_contained");
    let sum = |steps: &Value| -> i64 {
        steps
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| counts(step))
            .map(|step| step["amount_minor"].as_i64().unwrap())
            .sum()
    };
    assert_eq!(sum(&told.body["totals"]["steps"]), answer.int("/order/total_minor"));
    assert_eq!(told.int("/totals/amount_minor"), answer.int("/order/total_minor"));
    let mut lines = 0;
    for line in told.body["items"].as_array().unwrap() {
        assert_eq!(sum(&line["steps"]), line["amount_minor"].as_i64().unwrap());
        lines += line["amount_minor"].as_i64().unwrap();
    }
    let shipping: i64 = told.body["totals"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["rule"].as_str().unwrap().starts_with("shipping"))
        .map(|step| step["amount_minor"].as_i64().unwrap())
        .sum();
    assert_eq!(lines + shipping, answer.int("/order/total_minor"));
    assert_consistent(&store).await;
}
