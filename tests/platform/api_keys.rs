//! Keys that programs hold.

use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Platform, Store, unique};

async fn create(store: &Store<'_>, scopes: &[&str]) -> Answer {
    store.admin_post("/api-keys", json!({ "kind": "secret", "name": "Robot", "scopes": scopes })).await
}

async fn with(store: &Store<'_>, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = store.request(method, &format!("/api/v1/admin{path}")).bearer_auth(key);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_key_does_what_its_scopes_say_in_its_own_store() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let made = create(&store, &["catalog.write", "catalog.read"]).await.expect(201);
    let key = made.str("/key");
    assert!(key.starts_with("sk_") && key.len() == 46, "{key}");
    assert_eq!(made.body["scopes"], json!(["catalog.read", "catalog.write"]));
    let new = json!({ "title": "P", "variants": [{ "sku": unique("S"), "price_minor": 1 }] });
    with(&store, &key, Method::POST, "/products", Some(new)).await.expect(201);
    with(&store, &key, Method::GET, "/products", None).await.expect(200);
    let refused = with(&store, &key, Method::GET, "/orders", None).await.problem(403, "auth.forbidden");
    assert_eq!(refused.body["permission"], "orders.read");
    with(&other, &key, Method::GET, "/products", None).await.problem(401, "auth.required");
    with(&store, &format!("{key}x"), Method::GET, "/products", None).await.problem(401, "auth.required");
    platform.ask(&key, Method::GET, "/api/v1/me", None).await.problem(401, "auth.required");
    // It is told once, and the table cannot tell it.
    let list = store.admin_get("/api-keys").await.expect(200);
    assert!(!list.text.contains(&key) && key.starts_with(&list.str("/data/0/shown")));
    assert!(list.body["data"][0]["last_used_at"].is_string());
    let id = made.str("/id");
    let held = format!("select count(*) from landlord.api_keys k where k.id = '{id}' and k::text like '%{key}%'");
    assert_eq!(store.count(&held).await, 0);
    // What it did stands in the store's book under its own name.
    let acts = store.admin_get("/activity").await.expect(200);
    assert!(acts.text.contains("api_key") && acts.text.contains(&id), "{}", acts.text);
    assert!(platform.newest_mail(&store.email, "staff.api_key_created").await.source.contains("Robot"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_a_key_that_may_more_than_a_key_or_they_may() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for scope in ["staff.write", "staff.read", "api_keys.write", "api_keys.read", "refunds.approve", "root", "", "*"] {
        let refused = create(&store, &["orders.read", scope]).await.expect(422);
        assert_eq!(refused.errors(), [("scopes[1]".to_owned(), "api_key.scope".to_owned())], "{scope}");
    }
    create(&store, &[]).await.expect(422);
    let key = create(&store, &["orders.read"]).await.expect(201).str("/key");
    for path in ["/staff", "/invitations", "/api-keys"] {
        with(&store, &key, Method::GET, path, None).await.problem(403, "auth.forbidden");
    }
    let body = json!({ "kind": "publishable", "name": "Shop", "scopes": ["orders.read"] });
    store.admin_post("/api-keys", body).await.expect(422);
    let past = json!({ "kind": "publishable", "name": "Shop", "expires_at": "2020-01-01T00:00:00Z" });
    store.admin_post("/api-keys", past).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_while_both_work_and_revoked_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let made = create(&store, &["orders.read"]).await.expect(201);
    let (old, id) = (made.str("/key"), made.str("/id"));
    let works = async |key: &str| with(&store, key, Method::GET, "/orders", None).await.status;
    let rotated = store.admin_post(&format!("/api-keys/{id}/rotate"), json!({})).await.expect(201);
    let new = rotated.str("/key");
    assert_eq!((works(&old).await, works(&new).await), (200, 200));
    store.tamper(&format!("update landlord.api_keys set expires_at = now() where id = '{id}'")).await;
    assert_eq!((works(&old).await, works(&new).await), (401, 200));
    store.admin_post(&format!("/api-keys/{id}/rotate"), json!({})).await.problem(409, "api_key.over");
    let successor = rotated.str("/id");
    let last =
        store.admin_post(&format!("/api-keys/{successor}/rotate"), json!({ "overlap_hours": 0 })).await.expect(201);
    assert_eq!((works(&new).await, works(&last.str("/key")).await), (401, 200));
    store.admin_delete(&format!("/api-keys/{}", last.str("/id"))).await.expect(204);
    store.admin_delete(&format!("/api-keys/{}", last.str("/id"))).await.expect(204);
    assert_eq!(works(&last.str("/key")).await, 401);
    let other = platform.open_store().await;
    other.admin_delete(&format!("/api-keys/{id}")).await.problem(404, "not_found");
    other.admin_post(&format!("/api-keys/{id}/rotate"), json!({})).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storefront_that_names_another_store_finds_out() {
    let platform = Platform::start().await;
    let (store, other) = (platform.open_store().await, platform.open_store().await);
    let made = store.admin_post("/api-keys", json!({ "kind": "publishable", "name": "Shop" })).await.expect(201);
    let key = made.str("/key");
    assert_eq!(made.str("/shown"), key, "there is nothing secret in it");
    let browse = async |store: &Store<'_>, key: &str| {
        let request = store.request(Method::GET, "/api/v1/products").header("souk-publishable-key", key);
        Answer::of(request.send().await.unwrap()).await
    };
    browse(&store, &key).await.expect(200);
    browse(&other, &key).await.problem(401, "api_key.unknown");
    browse(&store, "pk_nonsense").await.problem(401, "api_key.unknown");
    let secret = create(&store, &["orders.read"]).await.expect(201).str("/key");
    browse(&store, &secret).await.problem(401, "api_key.unknown");
    with(&store, &key, Method::GET, "/products", None).await.problem(401, "auth.required");
    store.get("/api/v1/products").await.expect(200);
}
