//! Carts: what shoppers put in, take out, and cannot do.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, Platform, assert_consistent};

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_filled_changed_and_emptied() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (red, blue) = (store.sell(1000, 9).await, store.sell(250, 9).await);
    let cart = store.fill_cart(&[]).await;
    let path = format!("/api/v1/carts/{}", cart.id);
    let items = format!("{path}/items");
    let one =
        |variant: &souk_tests::Variant, quantity: i64| Some(json!({ "variant_id": variant.id, "quantity": quantity }));
    store.with_cart(&cart, Method::POST, &items, one(&red, 2)).await.expect(200);
    store.with_cart(&cart, Method::POST, &items, one(&blue, 1)).await.expect(200);
    let seen = store.with_cart(&cart, Method::POST, &items, one(&red, 1)).await.expect(200);
    assert_eq!(
        (seen.int("/items/0/quantity"), seen.int("/items/0/total_minor"), seen.int("/total_minor")),
        (3, 3000, 3250)
    );
    assert_eq!(seen.str("/items/0/sku"), red.sku);
    assert!(seen.body["token"].is_null(), "the secret is told once");
    let item = format!("{items}/{}", seen.str("/items/0/id"));
    let seen = store.with_cart(&cart, Method::PATCH, &item, Some(json!({ "quantity": 1 }))).await.expect(200);
    assert_eq!(seen.int("/total_minor"), 1250);
    let seen = store.with_cart(&cart, Method::PATCH, &item, Some(json!({ "quantity": 0 }))).await.expect(200);
    assert_eq!((seen.int("/total_minor"), seen.body["items"].as_array().unwrap().len()), (250, 1));
    store.with_cart(&cart, Method::DELETE, &item, None).await.problem(404, "not_found");
    let item = format!("{items}/{}", seen.str("/items/0/id"));
    let seen = store.with_cart(&cart, Method::DELETE, &item, None).await.expect(200);
    assert_eq!(seen.body["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn additions_at_once_add_up() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let (red, blue) = (store.sell(1000, 500).await, store.sell(250, 500).await);
    let cart = store.fill_cart(&[]).await;
    let items = format!("/api/v1/carts/{}/items", cart.id);
    let add = async |n: usize| {
        let variant = if n.is_multiple_of(2) { &red } else { &blue };
        let body = json!({ "variant_id": variant.id, "quantity": 1 });
        store.with_cart(&cart, Method::POST, &items, Some(body)).await.expect(200);
    };
    join_all((0..50).map(add)).await;
    let path = format!("/api/v1/carts/{}", cart.id);
    let seen = store.with_cart(&cart, Method::GET, &path, None).await.expect(200);
    assert_eq!(seen.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(seen.int("/total_minor"), 25 * 1250);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quantity_is_a_whole_number_from_1() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let cart = store.fill_cart(&[(&variant, 2)]).await;
    let path = format!("/api/v1/carts/{}", cart.id);
    let seen = store.with_cart(&cart, Method::GET, &path, None).await.expect(200);
    let item = format!("{path}/items/{}", seen.str("/items/0/id"));
    let send = async |method: Method, path: &str, body: String| {
        let request = store.request(method, path).header("cart-token", &cart.token);
        let request = request.header("content-type", "application/json").body(body);
        Answer::of(request.send().await.unwrap()).await
    };
    let wrong =
        ["-1", "1.5", "\"2\"", "1e3", "9223372036854775807", "9223372036854775808", "null", "true", "[1]", "10001"];
    for quantity in wrong {
        let line = format!(r#"{{"variant_id":"{}","quantity":{quantity}}}"#, variant.id);
        let answers = [
            (send(Method::POST, &format!("{path}/items"), line.clone()).await, "quantity"),
            (send(Method::PATCH, &item, format!(r#"{{"quantity":{quantity}}}"#)).await, "quantity"),
            (send(Method::POST, "/api/v1/carts", format!(r#"{{"items":[{line}]}}"#)).await, "items[0].quantity"),
        ];
        for (answer, field) in answers {
            let answer = answer.problem(422, "request.invalid");
            assert_eq!(answer.body["errors"][0]["field"], field, "{quantity}: {}", answer.text);
        }
    }
    let none = format!(r#"{{"variant_id":"{}","quantity":0}}"#, variant.id);
    send(Method::POST, &format!("{path}/items"), none).await.problem(422, "request.invalid");
    for not_json in ["1e400", "NaN", "Infinity", "01", "0x1", "+1"] {
        send(Method::PATCH, &item, format!(r#"{{"quantity":{not_json}}}"#)).await.problem(400, "request.malformed");
    }
    let after = store.with_cart(&cart, Method::GET, &path, None).await.expect(200);
    assert_eq!(after.body["items"], seen.body["items"]);
    assert_eq!(store.count("select count(*) from carts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_sale_or_not_there_stays_out() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let (few, archived, foreign) = (store.sell(1000, 2).await, store.sell(1000, 9).await, other.sell(1000, 9).await);
    store.admin_patch(&format!("/variants/{}", archived.id), json!({ "status": "archived" })).await.expect(200);
    let line = |id: &str, quantity: i64| json!({ "variant_id": id, "quantity": quantity });
    let body = json!({ "items": [line(&few.id, 1), line(&archived.id, 1), line(&foreign.id, 1), line(&few.id, 2)] });
    let request = store.request(Method::POST, "/api/v1/carts").json(&body);
    let answer = Answer::of(request.send().await.unwrap()).await.problem(422, "request.invalid");
    let told = answer.errors();
    for error in [
        ("items[0].quantity", "INSUFFICIENT_STOCK"),
        ("items[1].variant_id", "VARIANT_UNAVAILABLE"),
        ("items[2].variant_id", "VARIANT_NOT_FOUND"),
    ] {
        assert!(told.contains(&(error.0.to_owned(), error.1.to_owned())), "{error:?}: {}", answer.text);
    }
    let cart = store.fill_cart(&[(&few, 2)]).await;
    let items = format!("/api/v1/carts/{}/items", cart.id);
    let short =
        store.with_cart(&cart, Method::POST, &items, Some(line(&few.id, 1))).await.problem(409, "stock.insufficient");
    assert_eq!((short.int("/errors/0/requested"), short.int("/errors/0/available")), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_no_order_can_hold_is_refused() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let dear = store.sell(100_000_000_000, 10_000).await;
    let more = store.sell(1, 10_000).await;
    let cart = store.fill_cart(&[(&dear, 100)]).await;
    let items = format!("/api/v1/carts/{}/items", cart.id);
    for variant in [&dear, &more] {
        let body = json!({ "variant_id": variant.id, "quantity": 1 });
        store.with_cart(&cart, Method::POST, &items, Some(body)).await.problem(422, "amount.out_of_range");
    }
    let path = format!("/api/v1/carts/{}", cart.id);
    let seen = store.with_cart(&cart, Method::GET, &path, None).await.expect(200);
    assert_eq!(seen.int("/total_minor"), 10_000_000_000_000);
    // The price rises while the cart stands.
    let cheap = store.fill_cart(&[(&more, 1000)]).await;
    store
        .admin_patch(&format!("/variants/{}", more.id), json!({ "price_minor": 100_000_000_000_i64 }))
        .await
        .expect(200);
    let answer =
        store.checkout(&cheap, &souk_tests::key(), &souk_tests::card(&cheap)).await.problem(422, "checkout.invalid");
    assert!(answer.errors().contains(&("items[0]".to_owned(), "AMOUNT_OUT_OF_RANGE".to_owned())), "{}", answer.text);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_its_holder_s_alone_and_not_for_ever() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let variant = store.sell(1000, 9).await;
    let (mine, yours) = (store.fill_cart(&[(&variant, 1)]).await, store.fill_cart(&[(&variant, 1)]).await);
    let path = format!("/api/v1/carts/{}", mine.id);
    store.get(&path).await.problem(401, "cart.token_required");
    store.with_cart(&yours, Method::GET, &path, None).await.problem(404, "not_found");
    other.with_cart(&mine, Method::GET, &path, None).await.problem(404, "not_found");
    let item =
        store.with_cart(&yours, Method::GET, &format!("/api/v1/carts/{}", yours.id), None).await.str("/items/0/id");
    store.with_cart(&mine, Method::DELETE, &format!("{path}/items/{item}"), None).await.problem(404, "not_found");
    store.let_pass(31 * 24 * 60).await;
    store.with_cart(&mine, Method::GET, &path, None).await.problem(404, "not_found");
    let more = json!({ "variant_id": variant.id, "quantity": 1 });
    store.with_cart(&mine, Method::POST, &format!("{path}/items"), Some(more)).await.problem(404, "not_found");
    store.checkout(&mine, &souk_tests::key(), &souk_tests::card(&mine)).await.problem(404, "not_found");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_has_at_most_200_lines() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let mut lines = Vec::new();
    for product in 0..3 {
        let variants: Vec<_> = (0..67).map(|n| json!({ "sku": format!("{product}-{n}"), "price_minor": 1 })).collect();
        let made = store
            .admin_post("/products", json!({ "title": "P", "status": "active", "variants": variants }))
            .await
            .expect(201);
        for n in 0..67 {
            lines.push(json!({ "variant_id": made.str(&format!("/variants/{n}/id")), "quantity": 1 }));
        }
    }
    store
        .tamper(
            "insert into stock_movements (variant_id, delta_on_hand, delta_reserved, reason, reference_type, actor)
        select variant_id, 5, 0, 'test', 'adjustment', '{}' from stock_levels; update stock_levels set on_hand = 5",
        )
        .await;
    let create = async |count: usize| {
        Answer::of(
            store
                .request(Method::POST, "/api/v1/carts")
                .json(&json!({ "items": lines[..count] }))
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    create(201).await.problem(422, "request.invalid");
    let cart = create(200).await.expect(201);
    let cart = souk_tests::Cart { id: cart.str("/id"), token: cart.str("/token") };
    let items = format!("/api/v1/carts/{}/items", cart.id);
    let full =
        store.with_cart(&cart, Method::POST, &items, Some(lines[200].clone())).await.problem(422, "request.invalid");
    assert_eq!(full.errors(), [("items".to_owned(), "TOO_MANY_ITEMS".to_owned())]);
    store.with_cart(&cart, Method::POST, &items, Some(lines[0].clone())).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_calls_the_purchase_off_where_the_store_wants_that() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(1000, 5).await;
    let bought = store.order(&[(&variant, 1)]).await;
    let items = format!("/api/v1/carts/{}/items", bought.cart.id);
    let add = || Some(json!({ "variant_id": variant.id, "quantity": 1 }));
    store.with_cart(&bought.cart, Method::POST, &items, add()).await.problem(409, "cart.locked");

    store.admin_patch("/settings", json!({ "edit_cancels_checkout": true })).await.expect(200);
    let cart = store.with_cart(&bought.cart, Method::POST, &items, add()).await.expect(200);
    assert_eq!((cart.int("/items/0/quantity"), cart.str("/status")), (2, "open".into()));
    assert_eq!(store.see(&bought).await.str("/status"), "cancelled");
    assert_eq!(store.stock(&variant.id).await, (5, 0));

    // What is paid is not called off.
    let paid = store.buy(&[(&variant, 1)]).await;
    let items = format!("/api/v1/carts/{}/items", paid.cart.id);
    store.with_cart(&paid.cart, Method::POST, &items, add()).await.problem(409, "cart.completed");
    assert_eq!(store.see(&paid).await.str("/status"), "paid");
    assert_consistent(&store).await;
}
