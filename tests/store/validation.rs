//! What a checkout refuses: everything that is wrong, at once, and nothing has happened.

use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Cart, Platform, Store, Variant, assert_consistent, card, cash, key};

fn has(answer: &Answer, field: &str, code: &str) -> bool {
    answer.errors().contains(&(field.to_owned(), code.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_form_is_told_by_code() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let long = "x".repeat(300);
    let wrong = [
        ("/email", json!("nobody"), "email", "INVALID_EMAIL"),
        ("/email", json!(""), "email", "INVALID_EMAIL"),
        ("/email", json!("a\u{0}b@example.com"), "email", "INVALID_EMAIL"),
        ("/email", json!("a@x.com\r\nbcc: b@x.com"), "email", "INVALID_EMAIL"),
        ("/email", json!(format!("{long}@example.com")), "email", "INVALID_EMAIL"),
        ("/phone", json!("call me"), "phone", "INVALID_PHONE"),
        ("/payment_method", json!("gold"), "payment_method", "INVALID_PAYMENT"),
        ("/payment_method", json!("Card"), "payment_method", "INVALID_PAYMENT"),
        ("/shipping_method", json!("rocket"), "shipping_method", "SHIPPING_UNAVAILABLE"),
        ("/promo_code", json!("FREE"), "promo_code", "PROMO_NOT_FOUND"),
        ("/shipping_address/recipient_name", json!(" "), "shipping_address.recipient_name", "ADDRESS_INCOMPLETE"),
        ("/shipping_address/line1", json!(null), "shipping_address.line1", "ADDRESS_INCOMPLETE"),
        ("/shipping_address/line1", json!("\u{0}"), "shipping_address.line1", "ADDRESS_INCOMPLETE"),
        ("/shipping_address/line2", json!(long), "shipping_address.line2", "ADDRESS_INCOMPLETE"),
        ("/shipping_address/city", json!(""), "shipping_address.city", "ADDRESS_INCOMPLETE"),
        ("/shipping_address/country", json!("Germany"), "shipping_address.country", "ADDRESS_INCOMPLETE"),
        ("/shipping_address/phone", json!("12"), "shipping_address.phone", "INVALID_PHONE"),
    ];
    for (pointer, value, field, code) in wrong {
        let mut body = card(&cart);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value.clone());
        let answer = store.checkout(&cart, &key(), &body).await.problem(422, "checkout.invalid");
        assert_eq!(answer.errors(), [(field.to_owned(), code.to_owned())], "{pointer} = {value}");
    }
    assert_eq!(store.count("select count(*) from orders").await, 0);
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_form_is_told_all_that_is_missing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let cart = store.fill_cart(&[]).await;
    let answer = store.checkout(&cart, &key(), &json!({ "cart_id": cart.id })).await.problem(422, "checkout.invalid");
    for (field, code) in [
        ("cart_id", "ITEMS_REQUIRED"),
        ("email", "INVALID_EMAIL"),
        ("payment_method", "INVALID_PAYMENT"),
        ("shipping_address.recipient_name", "ADDRESS_INCOMPLETE"),
        ("shipping_address.phone", "ADDRESS_INCOMPLETE"),
        ("shipping_address.line1", "ADDRESS_INCOMPLETE"),
        ("shipping_address.city", "ADDRESS_INCOMPLETE"),
        ("shipping_address.country", "ADDRESS_INCOMPLETE"),
    ] {
        assert!(has(&answer, field, code), "{field} {code}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_at_most_50_lines_and_100_of_each() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variants: Vec<Value> = (0..51)
        .map(|n| json!({ "sku": format!("many-{n}"), "price_minor": 100, "options": { "n": n.to_string() } }))
        .collect();
    let product = json!({ "title": "Many", "status": "active", "variants": variants });
    let product = store.admin_post("/products", product).await.expect(201);
    let variants: Vec<Variant> = (0..51)
        .map(|n| Variant {
            id: product.str(&format!("/variants/{n}/id")),
            product: product.str("/id"),
            sku: format!("many-{n}"),
            price_minor: 100,
        })
        .collect();
    for variant in &variants {
        store.adjust(&variant.id, 200).await.expect(200);
    }
    let all: Vec<(&Variant, i64)> = variants.iter().map(|variant| (variant, 1)).collect();
    let cart = store.fill_cart(&all).await;
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.problem(422, "checkout.invalid");
    assert_eq!(answer.errors(), [("cart_id".to_owned(), "TOO_MANY_ITEMS".to_owned())]);
    let cart = store.fill_cart(&all[..50]).await;
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    assert_eq!(answer.int("/order/total_minor"), 5000);

    let cart = store.fill_cart(&[(&variants[0], 101)]).await;
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.problem(422, "checkout.invalid");
    assert_eq!(answer.errors(), [("items[0]".to_owned(), "QUANTITY_LIMIT".to_owned())]);
    let cart = store.fill_cart(&[(&variants[0], 100)]).await;
    store.checkout(&cart, &key(), &card(&cart)).await.expect(201);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_pay_is_no_order() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(0, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    for body in [card(&cart), cash(&cart)] {
        let answer = store.checkout(&cart, &key(), &body).await.problem(422, "checkout.invalid");
        assert_eq!(answer.errors(), [("cart_id".to_owned(), "INVALID_SUBTOTAL".to_owned())]);
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_that_went_away_are_told_line_by_line() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let [fine, draft, archived, deleted, gone] = [
        store.sell(1000, 5).await,
        store.sell(1000, 5).await,
        store.sell(1000, 5).await,
        store.sell(1000, 5).await,
        store.sell(1000, 5).await,
    ];
    let lines = [(&fine, 1), (&draft, 1), (&archived, 1), (&deleted, 1), (&gone, 1)];
    let cart = store.fill_cart(&lines).await;
    store.admin_patch(&format!("/products/{}", draft.product), json!({ "status": "draft" })).await.expect(200);
    store.admin_patch(&format!("/variants/{}", archived.id), json!({ "status": "archived" })).await.expect(200);
    store.admin_delete(&format!("/variants/{}", deleted.id)).await.expect(204);
    store.admin_delete(&format!("/products/{}", gone.product)).await.expect(204);
    let mut body = card(&cart);
    body["email"] = "nobody".into();
    let answer = store.checkout(&cart, &key(), &body).await.problem(422, "checkout.invalid");
    for (field, code) in [
        ("email", "INVALID_EMAIL"),
        ("items[1]", "PRODUCT_UNAVAILABLE"),
        ("items[2]", "VARIANT_UNAVAILABLE"),
        ("items[3]", "VARIANT_NOT_FOUND"),
        ("items[4]", "VARIANT_NOT_FOUND"),
    ] {
        assert!(has(&answer, field, code), "{field} {code}: {}", answer.text);
    }
    assert_eq!(answer.errors().len(), 5, "{}", answer.text);
    assert_eq!(store.stock(&fine.id).await, (5, 0));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_that_is_short_is_told_with_what_there_is() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (plenty, some, none) = (store.sell(100, 9).await, store.sell(100, 5).await, store.sell(100, 5).await);
    let cart = store.fill_cart(&[(&plenty, 2), (&some, 5), (&none, 3)]).await;
    store.adjust(&some.id, -2).await.expect(200);
    store.adjust(&none.id, -5).await.expect(200);
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.problem(409, "stock.insufficient");
    let told: Vec<_> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["code"].as_str().unwrap(),
                error["variant_id"].as_str().unwrap(),
                error["requested"].as_i64(),
                error["available"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("INSUFFICIENT_STOCK", some.id.as_str(), Some(5), Some(3)),
            ("INSUFFICIENT_STOCK", none.id.as_str(), Some(3), Some(0)),
        ]
    );
    assert_eq!(store.stock(&plenty.id).await, (9, 0), "not even what there is was taken");
    assert_consistent(&store).await;
}

async fn start_with(store: &Store<'_>, cart: &Cart, token: Option<&str>) -> Answer {
    let mut request = store.request(Method::POST, "/api/v1/checkouts").header("idempotency-key", key());
    if let Some(token) = token {
        request = request.header("cart-token", token);
    }
    Answer::of(request.json(&card(cart)).send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_holds_a_cart_s_secret_buys_it() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let variant = store.sell(1000, 5).await;
    let (mine, yours) = (store.fill_cart(&[(&variant, 1)]).await, store.fill_cart(&[(&variant, 1)]).await);
    start_with(&store, &mine, None).await.problem(401, "cart.token_required");
    start_with(&store, &mine, Some("undefined")).await.problem(401, "cart.token_required");
    start_with(&store, &mine, Some(&yours.token)).await.problem(404, "not_found");
    start_with(&other, &mine, Some(&mine.token)).await.problem(404, "not_found");
    let bought = store.order(&[(&variant, 1)]).await;
    let path = format!("/api/v1/checkouts/{}", bought.checkout);
    store.get(&path).await.problem(401, "cart.token_required");
    store.with_cart(&yours, Method::GET, &path, None).await.problem(404, "not_found");
    other.with_cart(&bought.cart, Method::GET, &path, None).await.problem(404, "not_found");
    let order = format!("/api/v1/orders/{}", bought.order);
    store.get(&order).await.problem(401, "order.token_required");
    for (host, token) in [(&store, &bought.cart.token), (&other, &bought.order_token)] {
        let request = host.request(Method::GET, &order).header("order-token", token);
        Answer::of(request.send().await.unwrap()).await.problem(404, "not_found");
    }
    assert_eq!(store.see(&bought).await.expect(200).int("/number"), 1001);
    assert_eq!(other.count("select count(*) from orders").await, 0);
    assert_consistent(&store).await;
}
