//! What no request may do: bring fields of its own, break the reader, cost us a 5xx.

use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Cart, Platform, Store, Variant, assert_consistent, card, key};

/// Every route that takes a body, with one that it accepts.
fn writes(variant: &Variant, category: &str, cart: &Cart, item: &str) -> Vec<(Method, String, Value)> {
    let unique = souk_tests::unique;
    let cart_path = format!("/api/v1/carts/{}", cart.id);
    let new_variant = || json!({ "sku": unique("sku"), "price_minor": 1000 });
    vec![
        (Method::POST, "/api/v1/carts".into(), json!({ "items": [] })),
        (Method::POST, format!("{cart_path}/items"), json!({ "variant_id": variant.id, "quantity": 1 })),
        (Method::PATCH, format!("{cart_path}/items/{item}"), json!({ "quantity": 1 })),
        (Method::POST, "/api/v1/admin/products".into(), json!({ "title": "T", "variants": [new_variant()] })),
        (Method::PATCH, format!("/api/v1/admin/products/{}", variant.product), json!({ "title": "T" })),
        (Method::POST, format!("/api/v1/admin/products/{}/variants", variant.product), new_variant()),
        (Method::PATCH, format!("/api/v1/admin/variants/{}", variant.id), json!({ "price_minor": 1000 })),
        (Method::POST, format!("/api/v1/admin/variants/{}/stock", variant.id), json!({ "delta": 1, "reason": "r" })),
        (Method::POST, "/api/v1/admin/categories".into(), json!({ "title": "C" })),
        (Method::PATCH, format!("/api/v1/admin/categories/{category}"), json!({ "title": "C" })),
        (Method::PATCH, "/api/v1/admin/settings".into(), json!({ "store_name": "S" })),
        (Method::POST, "/api/v1/checkouts".into(), card(cart)),
    ]
}

async fn send(store: &Store<'_>, cart: &Cart, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
    let mut request = store.request(method, path).header("cart-token", &cart.token).header("idempotency-key", key());
    if path.contains("/admin/") {
        request = request.bearer_auth(&store.token);
    }
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    Answer::of(request.body(body).send().await.unwrap()).await
}

struct Fixture<'p> {
    store: Store<'p>,
    cart: Cart,
    writes: Vec<(Method, String, Value)>,
}

async fn fixture(platform: &Platform) -> Fixture<'_> {
    let store = platform.open_store().await;
    let variant = store.sell(1000, 9).await;
    let category = store.admin_post("/categories", json!({ "title": "A" })).await.expect(201).str("/id");
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let seen = store.with_cart(&cart, Method::GET, &format!("/api/v1/carts/{}", cart.id), None).await;
    let writes = writes(&variant, &category, &cart, &seen.str("/items/0/id"));
    Fixture { store, cart, writes }
}

const JSON: Option<&str> = Some("application/json");

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_are_not_the_client_s_to_set_are_refused_everywhere() {
    let platform = Platform::start().await;
    let Fixture { store, cart, writes } = fixture(&platform).await;
    let forbidden = [
        "role",
        "tenant_id",
        "id",
        "created_at",
        "is_verified",
        "total",
        "total_minor",
        "reserved",
        "on_hand",
        "version",
        "email_verified_at",
        "stage",
        "deleted_at",
        "__proto__",
    ];
    for (method, path, body) in &writes {
        for name in forbidden {
            let mut body = body.clone();
            body[name] = json!(1);
            let answer = send(&store, &cart, method.clone(), path, JSON, body.to_string().into_bytes()).await;
            let answer = answer.problem(422, "request.invalid");
            assert_eq!(answer.body["errors"][0]["field"], name, "{method} {path}: {}", answer.text);
        }
    }
    assert_eq!(store.count("select count(*) from orders").await, 0);
    assert_eq!(store.count("select count(*) from carts").await, 1);
    // Each body is fine without them.
    for (method, path, body) in writes {
        let answer = send(&store, &cart, method.clone(), &path, JSON, body.to_string().into_bytes()).await;
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {}", answer.text);
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_json_are_told_so() {
    let platform = Platform::start().await;
    let Fixture { store, cart, writes } = fixture(&platform).await;
    let deep = "[".repeat(100_000);
    for (method, path, body) in &writes {
        let good = body.to_string();
        let send = async |kind, body: &[u8]| send(&store, &cart, method.clone(), path, kind, body.to_vec()).await;
        for broken in ["{", "nope", "{'a':1}", "{,}"] {
            send(JSON, broken.as_bytes()).await.problem(400, "request.malformed");
        }
        send(JSON, b"{\"\xff\":1}").await.problem(400, "request.malformed");
        for other in [Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/xml"), None] {
            send(other, good.as_bytes()).await.problem(415, "request.unsupported_media_type");
        }
        for wrong in ["null", "[]", "[1]", &deep, "\"text\"", "1"] {
            send(JSON, wrong.as_bytes()).await.problem(422, "request.invalid");
        }
        let huge = format!("{{\"padding\":\"{}\"}}", "x".repeat(300_000));
        send(JSON, huge.as_bytes()).await.problem(413, "request.too_large");
    }
    assert_eq!(store.count("select count(*) from orders").await, 0);
    for (method, path, body) in writes {
        let kind = Some("Application/JSON; charset=utf-8");
        let answer = send(&store, &cart, method.clone(), &path, kind, body.to_string().into_bytes()).await;
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {}", answer.text);
    }
}

/// The body with a NUL in each text in turn.
fn with_nul(body: &Value) -> Vec<Value> {
    fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::String(_) => found.push(at.to_owned()),
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| texts(value, &format!("{at}/{name}"), found))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, value)| texts(value, &format!("{at}/{n}"), found))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    texts(body, "", &mut found);
    found
        .into_iter()
        .map(|at| {
            let mut body = body.clone();
            *body.pointer_mut(&at).unwrap() = json!("a\u{0}b");
            body
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_any_text_is_never_our_fault() {
    let platform = Platform::start().await;
    let Fixture { store, cart, writes } = fixture(&platform).await;
    for (method, path, body) in &writes {
        for body in with_nul(body) {
            let answer = send(&store, &cart, method.clone(), path, JSON, body.to_string().into_bytes()).await;
            let cleaned = path == "/api/v1/checkouts" && answer.status < 300;
            assert!(answer.status == 422 || cleaned, "{method} {path} {body}: {}", answer.text);
        }
    }
    let nul = "%00";
    for path in [
        format!("/api/v1/products/{nul}"),
        format!("/api/v1/products?category={nul}"),
        format!("/api/v1/carts/{nul}"),
        format!("/api/v1/admin/products/{nul}"),
        format!("/api/v1/admin/orders?status={nul}"),
        format!("/api/v1/admin/products?cursor={nul}"),
        format!("/api/v1/orders/{nul}"),
        format!("/api/v1/checkouts/{nul}"),
    ] {
        let request = store.request(Method::GET, &path).bearer_auth(&store.token).header("cart-token", &cart.token);
        let answer = Answer::of(request.header("order-token", &cart.token).send().await.unwrap()).await;
        assert!(matches!(answer.status, 200 | 400 | 404), "{path}: {}", answer.text);
    }
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_stay_within_bounds() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let before = store.admin_get("/settings").await.expect(200);
    for (body, field) in [
        (json!({ "store_name": " " }), "store_name"),
        (json!({ "support_email": "nobody" }), "support_email"),
        (json!({ "checkout_ttl_minutes": 0 }), "checkout_ttl_minutes"),
        (json!({ "checkout_ttl_minutes": 61 }), "checkout_ttl_minutes"),
        (json!({ "low_stock_threshold": -1 }), "low_stock_threshold"),
        (json!({ "currency": "USD" }), "currency"),
        (json!({ "stripe_account": "acct_mine" }), "stripe_account"),
    ] {
        let answer = store.admin_patch("/settings", body.clone()).await.problem(422, "request.invalid");
        assert_eq!(answer.body["errors"][0]["field"], field, "{body}: {}", answer.text);
    }
    assert_eq!(store.admin_get("/settings").await.expect(200).text, before.text);
    let email = json!({ "support_email": "help@example.com", "checkout_ttl_minutes": 60 });
    store.admin_patch("/settings", email).await.expect(200);
    assert_eq!(store.get("/api/v1/store").await.expect(200).str("/support_email"), "help@example.com");
    let cleared = store
        .admin_patch("/settings", json!({ "support_email": null, "checkout_ttl_minutes": null }))
        .await
        .expect(200);
    assert!(cleared.body["support_email"].is_null() && cleared.body["checkout_ttl_minutes"].is_null());
}
