//! The merchant's side of the catalogue: products, variants, categories.

use serde_json::{Value, json};
use souk_tests::{Platform, assert_consistent, unique};

fn product(title: &str, sku: &str) -> Value {
    json!({ "title": title, "status": "active", "variants": [{ "sku": sku, "price_minor": 1000 }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_seen_changed_and_deleted() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let sent = json!({
        "title": "Red Shirt", "description": "Very red.", "status": "draft",
        "variants": [
            { "sku": "red-s", "price_minor": 1999, "currency": "EUR", "options": { "size": "S" } },
            { "sku": "red-m", "price_minor": 2099, "title": "Medium", "status": "archived" },
        ],
    });
    let made = store.admin_post("/products", sent).await.expect(201);
    assert_eq!((made.str("/handle"), made.str("/status")), ("red-shirt".into(), "draft".into()));
    assert_eq!((made.str("/variants/0/title"), made.str("/variants/0/currency")), ("S".into(), "EUR".into()));
    let id = made.str("/id");
    let path = format!("/products/{id}");
    store.get("/api/v1/products/red-shirt").await.problem(404, "not_found");
    let changed = store.admin_patch(&path, json!({ "status": "active", "title": "Crimson Shirt" })).await.expect(200);
    assert_eq!((changed.str("/title"), changed.str("/handle")), ("Crimson Shirt".into(), "red-shirt".into()));
    assert_eq!(changed.str("/description"), "Very red.");

    for name in ["red-shirt", &id] {
        let shown = store.get(&format!("/api/v1/products/{name}")).await.expect(200);
        assert_eq!(shown.body["variants"].as_array().unwrap().len(), 1, "archived variants are not shown");
    }
    store.admin_delete(&path).await.expect(204);
    store.admin_get(&path).await.problem(404, "not_found");
    store.admin_delete(&path).await.problem(404, "not_found");
    store.admin_patch(&path, json!({ "title": "x" })).await.problem(404, "not_found");
    store.get("/api/v1/products/red-shirt").await.problem(404, "not_found");
    assert_eq!(store.count("select count(*) from products where deleted_at is not null").await, 1, "the row stays");
    let activity = store.admin_get("/activity").await.expect(200);
    for action in ["product.created", "product.updated", "product.deleted"] {
        assert!(activity.text.contains(action), "{action}: {}", activity.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_are_unique_in_a_store_and_free_again_after_deletion() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let mut shirt = product("Shirt", "a");
    shirt["handle"] = "shirt".into();
    let first = store.admin_post("/products", shirt.clone()).await.expect(201);
    shirt["variants"][0]["sku"] = "b".into();
    store.admin_post("/products", shirt.clone()).await.problem(409, "product.handle_taken");
    other.admin_post("/products", shirt.clone()).await.expect(201);
    let made = store.admin_post("/products", product("Shirt", "c")).await.expect(201);
    assert_eq!(made.str("/handle"), "shirt-2", "a handle that nobody asked for gives way");
    let path = format!("/products/{}", made.str("/id"));
    store.admin_patch(&path, json!({ "handle": "shirt" })).await.problem(409, "product.handle_taken");
    store.admin_delete(&format!("/products/{}", first.str("/id"))).await.expect(204);
    store.admin_patch(&path, json!({ "handle": "shirt" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_title_20_times_at_once_makes_20_handles() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let answers = futures::future::join_all(
        (0..20).map(async |_| store.admin_post("/products", product("Shirt", &unique("S"))).await),
    )
    .await;
    let mut handles: Vec<String> = answers.into_iter().map(|answer| answer.expect(201).str("/handle")).collect();
    handles.sort_unstable();
    handles.dedup();
    assert_eq!(handles.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn skus_are_unique_in_a_store() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let first = store.admin_post("/products", product("A", "sku-1")).await.expect(201);
    let taken = store.admin_post("/products", product("B", "sku-1")).await.problem(409, "variant.sku_taken");
    assert_eq!(taken.errors(), [("variants[0].sku".to_owned(), "SKU_TAKEN".to_owned())]);
    let mut twice = product("C", "sku-2");
    twice["variants"] = json!([{ "sku": "sku-2", "price_minor": 1 }, { "sku": "sku-2", "price_minor": 1 }]);
    let taken = store.admin_post("/products", twice).await.problem(409, "variant.sku_taken");
    assert_eq!(taken.errors(), [("variants[1].sku".to_owned(), "SKU_TAKEN".to_owned())]);
    other.admin_post("/products", product("B", "sku-1")).await.expect(201);

    let variants = format!("/products/{}/variants", first.str("/id"));
    let sku = |sku: &str| json!({ "sku": sku, "price_minor": 5 });
    store.admin_post(&variants, sku("sku-1")).await.problem(409, "variant.sku_taken");
    let second = store.admin_post(&variants, sku("sku-3")).await.expect(201);
    let variant = format!("/variants/{}", second.str("/id"));
    store.admin_patch(&variant, json!({ "sku": "sku-1" })).await.problem(409, "variant.sku_taken");
    store.admin_patch(&variant, json!({ "sku": "sku-3", "price_minor": 6 })).await.expect(200);
    assert_eq!(store.admin_get(&variant).await.expect(200).int("/price_minor"), 6);
    store.admin_delete(&variant).await.expect(204);
    store.admin_get(&variant).await.problem(404, "not_found");
    store.admin_post(&variants, sku("sku-3")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_and_texts_stay_within_bounds() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let bad_prices = [
        "-1",
        "0.001",
        "\"10,00\"",
        "\"10\"",
        "100000000001",
        "9223372036854775807",
        "9223372036854775808",
        "null",
        "true",
        "1e3",
    ];
    for price in bad_prices {
        let body = format!(r#"{{"title":"A","variants":[{{"sku":"a","price_minor":{price}}}]}}"#);
        let request = store.request(reqwest::Method::POST, "/api/v1/admin/products").bearer_auth(&store.token);
        let request = request.header("content-type", "application/json").body(body);
        let answer = souk_tests::Answer::of(request.send().await.unwrap()).await.problem(422, "request.invalid");
        assert_eq!(answer.body["errors"][0]["field"], "variants[0].price_minor", "{price}: {}", answer.text);
    }
    let bad: [(&str, Value, &str); 12] = [
        ("/title", json!(""), "title"),
        ("/title", json!("  "), "title"),
        ("/title", json!("x".repeat(201)), "title"),
        ("/title", json!("nul\u{0}"), "title"),
        ("/description", json!("nul\u{0}"), "description"),
        ("/description", json!("x".repeat(20_001)), "description"),
        ("/handle", json!("Not A Handle"), "handle"),
        ("/status", json!("sold"), "status"),
        ("/variants", json!([]), "variants"),
        ("/variants/0/sku", json!("x".repeat(65)), "variants[0].sku"),
        ("/variants/0/sku", json!("nul\u{0}"), "variants[0].sku"),
        ("/variants/0/currency", json!("USD"), "variants[0].currency"),
    ];
    for (pointer, value, field) in bad {
        let mut body = product("A", "a");
        match pointer.strip_prefix("/variants/0/") {
            Some(name) => body["variants"][0][name] = value.clone(),
            None => body[&pointer[1..]] = value.clone(),
        }
        let answer = store.admin_post("/products", body).await.problem(422, "request.invalid");
        assert_eq!(answer.body["errors"][0]["field"], field, "{pointer} {value}: {}", answer.text);
    }
    assert_eq!(store.count("select count(*) from products").await, 0);
    store.sell(100_000_000_000, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_are_a_tree() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let clothes = store.admin_post("/categories", json!({ "title": "Clothes" })).await.expect(201).str("/id");
    let shirts = json!({ "title": "Shirts", "parent_id": clothes });
    let shirts = store.admin_post("/categories", shirts).await.expect(201).str("/id");
    let path = format!("/categories/{clothes}");
    let cycle = store.admin_patch(&path, json!({ "parent_id": shirts })).await.problem(422, "request.invalid");
    assert_eq!(cycle.errors(), [("parent_id".to_owned(), "CATEGORY_CYCLE".to_owned())]);
    store.admin_delete(&path).await.problem(409, "category.has_parts");
    store
        .admin_post("/categories", json!({ "title": "x", "handle": "shirts" }))
        .await
        .problem(409, "category.handle_taken");
    let nowhere = json!({ "title": "x", "parent_id": uuid::Uuid::now_v7() });
    store.admin_post("/categories", nowhere).await.problem(422, "request.invalid");

    let mut shirt = product("Shirt", "a");
    shirt["category_ids"] = json!([shirts]);
    let id = store.admin_post("/products", shirt).await.expect(201).str("/id");
    store.admin_post("/products", product("Hat", "b")).await.expect(201);
    for name in ["shirts", &shirts] {
        let filed = store.get(&format!("/api/v1/products?category={name}")).await.expect(200);
        assert_eq!(filed.body["data"].as_array().unwrap().len(), 1);
        assert_eq!(filed.str("/data/0/id"), id);
    }
    assert_eq!(store.get("/api/v1/products?category=nothing").await.expect(200).body["data"], json!([]));
    store.admin_delete(&format!("/categories/{shirts}")).await.expect(204);
    assert_eq!(store.admin_get(&format!("/products/{id}")).await.expect(200).body["categories"], json!([]));
    store.admin_delete(&path).await.expect(204);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_names_its_store_s_currency_and_categories_and_has_100_variants() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let mut wrong = product("A", "a");
    wrong["variants"][0]["currency"] = "USD".into();
    let refused = store.admin_post("/products", wrong).await.problem(422, "request.invalid");
    assert_eq!(refused.errors(), [("variants[0].currency".to_owned(), "WRONG_CURRENCY".to_owned())]);
    let mut wrong = product("A", "a");
    wrong["category_ids"] = json!([uuid::Uuid::now_v7()]);
    let refused = store.admin_post("/products", wrong).await.problem(422, "request.invalid");
    assert_eq!(refused.errors(), [("category_ids".to_owned(), "CATEGORY_NOT_FOUND".to_owned())]);
    let mut full = product("A", "a");
    full["variants"] = (0..100).map(|n| json!({ "sku": format!("v{n}"), "price_minor": 1 })).collect();
    let full = store.admin_post("/products", full).await.expect(201);
    let variants = format!("/products/{}/variants", full.str("/id"));
    let refused = store.admin_post(&variants, json!({ "sku": "one-more", "price_minor": 1 })).await;
    assert_eq!(
        refused.problem(422, "request.invalid").errors(),
        [("variants".to_owned(), "TOO_MANY_VARIANTS".to_owned())]
    );
}
