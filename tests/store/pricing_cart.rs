//! What carts tell of discounts, taxes, shipping and prices that moved.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Cart, Platform, Store, Variant, assert_consistent};

async fn see(store: &Store<'_>, cart: &Cart, query: &str) -> Answer {
    store.with_cart(cart, Method::GET, &format!("/api/v1/carts/{}{query}", cart.id), None).await.expect(200)
}

async fn promote(store: &Store<'_>, promotion: Value) -> String {
    store.admin_post("/promotions", promotion).await.expect(201).str("/id")
}

async fn tax(store: &Store<'_>, country: &str, percent: Value, inclusive: bool, more: Value) {
    let mut rate = json!({ "title": country, "country": country, "percent": percent, "inclusive": inclusive });
    rate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    store.admin_post("/tax-rates", rate).await.expect(201);
}

async fn use_code(store: &Store<'_>, cart: &Cart, code: &str) -> Answer {
    let path = format!("/api/v1/carts/{}/promo", cart.id);
    store.with_cart(cart, Method::POST, &path, Some(json!({ "code": code }))).await
}

async fn add(store: &Store<'_>, cart: &Cart, variant: &Variant, quantity: i64) -> Answer {
    let path = format!("/api/v1/carts/{}/items", cart.id);
    let body = json!({ "variant_id": variant.id, "quantity": quantity });
    store.with_cart(cart, Method::POST, &path, Some(body)).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_told_and_dropped() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (shirt, sock) = (store.sell(1999, 50).await, store.sell(334, 50).await);
    let cart = store.fill_cart(&[(&shirt, 3), (&sock, 1)]).await;
    let id = promote(&store, json!({ "title": "Summer", "code": "SUMMER", "kind": "percent", "percent": 10 })).await;
    let seen = use_code(&store, &cart, " summer").await.expect(200);
    assert_eq!((seen.int("/subtotal_minor"), seen.int("/discount_minor")), (6331, 633));
    assert_eq!((seen.int("/total_minor"), seen.str("/promo_code")), (5698, "SUMMER".to_owned()));
    assert_eq!((seen.int("/items/0/discount_minor"), seen.int("/items/1/discount_minor")), (600, 33));
    assert_eq!(seen.int("/items/0/total_minor"), 5997, "a line's total is its list price");
    let applied = json!([{ "id": id, "title": "Summer", "code": "SUMMER", "discount_minor": 633 }]);
    assert_eq!((seen.body["promotions"].clone(), seen.body["notices"].clone()), (applied, json!([])));
    assert_eq!(see(&store, &cart, "").await.int("/total_minor"), 5698, "and stays");
    let path = format!("/api/v1/carts/{}/promo", cart.id);
    for _ in 0..2 {
        let without = store.with_cart(&cart, Method::DELETE, &path, None).await.expect(200);
        assert_eq!((without.int("/total_minor"), without.body["promo_code"].clone()), (6331, Value::Null));
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_apply_is_refused_and_one_that_ceases_to_is_a_notice() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let shirt = store.sell(2000, 50).await;
    let cart = store.fill_cart(&[(&shirt, 1)]).await;
    let coded = |code: &str| json!({ "title": code, "code": code, "kind": "fixed", "amount_minor": 500 });
    let with = |code: &str, more: Value| {
        let mut promotion = coded(code);
        promotion.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        promotion
    };
    promote(&store, with("OVER", json!({ "ends_at": "2020-01-01T00:00:00Z" }))).await;
    promote(&store, with("LATER", json!({ "starts_at": "2999-01-01T00:00:00Z" }))).await;
    promote(&store, with("PAUSED", json!({ "status": "paused" }))).await;
    promote(&store, with("USED", json!({ "usage_limit": 1 }))).await;
    let big = promote(&store, with("BIG", json!({ "minimum_subtotal_minor": 3000 }))).await;
    store.tamper("update promotions set used = 1 where code = 'USED'").await;
    for (code, why) in [
        ("OVER", "PROMO_EXPIRED"),
        ("LATER", "PROMO_NOT_FOUND"),
        ("PAUSED", "PROMO_NOT_FOUND"),
        ("NONSENSE", "PROMO_NOT_FOUND"),
        (" ", "PROMO_NOT_FOUND"),
        ("USED", "PROMO_LIMIT_REACHED"),
        ("BIG", "PROMO_MINIMUM_NOT_MET"),
    ] {
        let refused = use_code(&store, &cart, code).await.problem(422, "request.invalid");
        assert_eq!(
            (refused.str("/errors/0/field"), refused.str("/errors/0/code")),
            ("code".to_owned(), why.to_owned())
        );
    }
    assert_eq!(see(&store, &cart, "").await.body["promo_code"], Value::Null);
    add(&store, &cart, &shirt, 1).await;
    let seen = use_code(&store, &cart, "BIG").await.expect(200);
    assert_eq!(seen.int("/total_minor"), 3500);
    let item = format!("/api/v1/carts/{}/items/{}", cart.id, seen.str("/items/0/id"));
    let fewer = store.with_cart(&cart, Method::PATCH, &item, Some(json!({ "quantity": 1 }))).await.expect(200);
    assert_eq!((fewer.int("/total_minor"), fewer.int("/discount_minor")), (2000, 0));
    assert_eq!((fewer.str("/promo_code"), fewer.str("/notices/0/about")), ("BIG".to_owned(), "promo".to_owned()));
    assert_eq!(fewer.str("/notices/0/code"), "PROMO_MINIMUM_NOT_MET");
    assert_eq!(fewer.int("/notices/0/missing_minor"), 1000);
    assert_eq!(add(&store, &cart, &shirt, 1).await.int("/total_minor"), 3500, "and applies again");
    store.admin_delete(&format!("/promotions/{big}")).await.expect(204);
    let gone = see(&store, &cart, "").await;
    assert_eq!((gone.int("/total_minor"), gone.str("/notices/0/code")), (4000, "PROMO_NOT_FOUND".to_owned()));
    store.tamper("update promotions set used = 0").await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taxes_are_those_of_the_store_until_a_country_is_named() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let food = store.admin_post("/categories", json!({ "title": "Food" })).await.expect(201).str("/id");
    let (shirt, bread) = (store.sell(2000, 50).await, store.sell(1070, 50).await);
    let filed = json!({ "category_ids": [food] });
    store.admin_patch(&format!("/products/{}", bread.product), filed).await.expect(200);
    tax(&store, "DE", json!(19), true, json!({})).await;
    tax(&store, "DE", json!(7), true, json!({ "category_id": food })).await;
    tax(&store, "US", json!("7.25"), false, json!({})).await;
    tax(&store, "US", json!(10), false, json!({ "region": "New York" })).await;
    let cart = store.fill_cart(&[(&shirt, 1), (&bread, 1)]).await;
    let sums = |seen: &Answer| (seen.int("/tax_minor"), seen.int("/tax_included_minor"), seen.int("/total_minor"));
    let nowhere = see(&store, &cart, "").await;
    assert_eq!((sums(&nowhere), nowhere.body["tax_country"].clone()), ((0, 0, 3070), Value::Null));
    store.admin_patch("/settings", json!({ "country": "DE" })).await.expect(200);
    let here = see(&store, &cart, "").await;
    assert_eq!((sums(&here), here.str("/tax_country")), ((0, 319 + 70, 3070), "DE".to_owned()));
    assert_eq!(sums(&see(&store, &cart, "?country=us").await), (145 + 78, 0, 3293));
    assert_eq!(sums(&see(&store, &cart, "?country=US&province=new%20york").await), (307, 0, 3377));
    let path = format!("/api/v1/carts/{}", cart.id);
    for wrong in ["?country=Germany", "?country=", "?land=DE"] {
        let refused = store.with_cart(&cart, Method::GET, &format!("{path}{wrong}"), None).await;
        refused.problem(400, "request.invalid_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_moved_is_told_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (shirt, sock) = (store.sell(2000, 50).await, store.sell(300, 50).await);
    let cart = store.fill_cart(&[(&shirt, 1), (&sock, 1)]).await;
    assert_eq!(see(&store, &cart, "").await.body["items"][0]["price_changed"], Value::Null);
    store.admin_patch(&format!("/variants/{}", shirt.id), json!({ "price_minor": 2500 })).await.expect(200);
    let moved = json!({ "from_minor": 2000, "to_minor": 2500 });
    let seen = see(&store, &cart, "").await;
    assert_eq!(seen.body["items"][0]["price_changed"], moved);
    assert_eq!((seen.body["items"][1]["price_changed"].clone(), seen.int("/total_minor")), (Value::Null, 2800));
    assert_eq!(see(&store, &cart, "").await.body["items"][0]["price_changed"], Value::Null, "once");
    store.admin_patch(&format!("/variants/{}", shirt.id), json!({ "price_minor": 1500 })).await.expect(200);
    let seen = add(&store, &cart, &shirt, 1).await;
    let back = json!({ "from_minor": 2500, "to_minor": 1500 });
    assert_eq!(seen.body["items"][0]["price_changed"], back, "an edit shows the cart too");
    assert_eq!(see(&store, &cart, "").await.body["items"][0]["price_changed"], Value::Null);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_told_the_ways_that_lead_to_an_address() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let shirt = store.sell(2000, 50).await;
    let weight = json!({ "weight_grams": 600 });
    let weighed = store.admin_patch(&format!("/variants/{}", shirt.id), weight).await.expect(200);
    assert_eq!(weighed.int("/weight_grams"), 600);
    let cart = store.fill_cart(&[(&shirt, 1)]).await;
    let ways = async |query: &str| {
        let path = format!("/api/v1/carts/{}/shipping-methods{query}", cart.id);
        let answer = store.with_cart(&cart, Method::GET, &path, None).await.expect(200);
        let list = answer.body["data"].as_array().unwrap().clone();
        let way = |way: &Value| {
            (
                way["code"].as_str().unwrap().to_owned(),
                way["price_minor"].as_i64().unwrap(),
                way["total_minor"].as_i64().unwrap(),
            )
        };
        list.iter().map(way).collect::<Vec<_>>()
    };
    let one = |code: &str, price, total| (code.to_owned(), price, total);
    assert_eq!(ways("").await, [one("standard", 0, 2000)], "a store that says nothing ships for nothing");
    let post = json!({
        "code": "post", "title": "Post", "zones": [
            { "countries": ["DE", "AT"], "price_minor": 490, "free_over_minor": 5000 },
            { "countries": ["DE"], "regions": ["Bayern"], "price_minor": 290 },
            { "price_minor": 1990 },
        ],
    });
    store.admin_post("/shipping-methods", post).await.expect(201);
    let parcel = json!({
        "code": "parcel", "title": "Parcel", "position": 1, "zones": [{ "countries": ["DE"], "weight_tiers": [
            { "up_to_grams": 600, "price_minor": 300 }, { "up_to_grams": 1200, "price_minor": 600 },
        ] }],
    });
    store.admin_post("/shipping-methods", parcel).await.expect(201);
    tax(&store, "DE", json!(10), false, json!({})).await;
    assert_eq!(ways("?country=DE").await, [one("post", 490, 2739), one("parcel", 300, 2530)]);
    assert_eq!(ways("?country=DE&province=bayern&postal_code=80331").await[0], one("post", 290, 2519));
    assert_eq!(ways("?country=US").await, [one("post", 1990, 3990)]);
    add(&store, &cart, &shirt, 1).await;
    assert_eq!(ways("?country=DE").await[1], one("parcel", 600, 5060));
    add(&store, &cart, &shirt, 1).await;
    assert_eq!(ways("?country=AT").await, [one("post", 0, 6000)], "free over an amount, too heavy for a parcel");
    promote(&store, json!({ "title": "Ships", "kind": "free_shipping" })).await;
    assert_eq!(ways("?country=US").await, [one("post", 0, 6000)]);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bought_cart_takes_no_code() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let shirt = store.sell(2000, 50).await;
    promote(&store, json!({ "title": "P", "code": "CODE", "kind": "fixed", "amount_minor": 1 })).await;
    let bought = store.order(&[(&shirt, 1)]).await;
    use_code(&store, &bought.cart, "CODE").await.problem(409, "cart.locked");
    let other = store.fill_cart(&[]).await;
    let stolen = Cart { id: bought.cart.id.clone(), token: other.token };
    use_code(&store, &stolen, "CODE").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_promotions_and_taxes_make_an_addition_no_slower() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let shirt = store.sell(2000, 100_000).await;
    let cart = store.fill_cart(&[]).await;
    add(&store, &cart, &shirt, 1).await;
    let timed = async || {
        let mut fastest = Duration::MAX;
        for _ in 0..20 {
            let begun = Instant::now();
            add(&store, &cart, &shirt, 1).await;
            fastest = fastest.min(begun.elapsed());
        }
        fastest
    };
    let bare = timed().await;
    for n in 0..10 {
        let percent = json!({ "title": "P", "kind": "percent", "percent": 1, "combines": true, "priority": n });
        promote(&store, percent).await;
        let alone = json!({ "title": "P", "kind": "fixed", "amount_minor": n + 1, "minimum_subtotal_minor": 100 });
        promote(&store, alone).await;
    }
    tax(&store, "DE", json!(19), false, json!({})).await;
    store.admin_patch("/settings", json!({ "country": "DE" })).await.expect(200);
    let seen = add(&store, &cart, &shirt, 1).await;
    assert_eq!(seen.body["promotions"].as_array().unwrap().len(), 11, "ten that combine, and the best of the others");
    let full = timed().await;
    assert!(full < bare * 2 + Duration::from_millis(5), "{bare:?} without, {full:?} with");
}
