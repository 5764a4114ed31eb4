//! What a store knows of its customers, as its staff sees it.

use serde_json::{Value, json};
use souk_tests::{Answer, Platform, Store, assert_consistent};

fn emails(page: &Answer) -> Vec<String> {
    let data = page.body["data"].as_array().unwrap();
    data.iter().map(|customer| customer["email"].as_str().unwrap().to_owned()).collect()
}

async fn write_down(store: &Store<'_>, email: &str) -> String {
    store.admin_post("/customers", json!({ "email": email })).await.expect(201).str("/id")
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_listed_page_by_page_and_found_by_how_their_address_begins() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    for email in ["ann@example.com", "Anna@example.com", "bob@example.com", "a_b@example.com"] {
        write_down(&store, email).await;
    }
    let all = ["a_b@example.com", "bob@example.com", "anna@example.com", "ann@example.com"];
    assert_eq!(emails(&store.admin_get("/customers").await.expect(200)), all);

    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..2 {
        let page = store.admin_get(&format!("/customers?limit=2{cursor}")).await.expect(200);
        assert_eq!(emails(&page).len(), 2);
        seen.extend(emails(&page));
        cursor = page.body["next_cursor"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert_eq!((seen, cursor.as_str()), (all.map(str::to_owned).to_vec(), ""));

    let found = async |begins: &str| emails(&store.admin_get(&format!("/customers?email={begins}")).await.expect(200));
    assert_eq!(found("ANN").await, ["anna@example.com", "ann@example.com"]);
    assert_eq!(found("%20Bob@").await, ["bob@example.com"]);
    // What patterns are made of are letters here.
    assert_eq!(found("a_").await, ["a_b@example.com"]);
    assert!(found("%25").await.is_empty());
    assert!(found("nn@").await.is_empty());
    assert_eq!(found("").await.len(), 4);
    store.admin_get(&format!("/customers?email={}", "x".repeat(255))).await.problem(400, "request.invalid_query");
    store.admin_get("/customers?limit=0").await.problem(400, "request.invalid_query");
    store.admin_get("/customers?cursor=7").await.problem(400, "request.invalid_query");
    let other = platform.open_store().await;
    assert!(emails(&other.admin_get("/customers").await.expect(200)).is_empty(), "they are this store's alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_shown_changed_and_noted() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let id = write_down(&store, "Ann@Example.com").await;
    let path = format!("/customers/{id}");
    let seen = store.admin_get(&path).await.expect(200);
    assert_eq!((seen.str("/email"), seen.str("/status")), ("ann@example.com".into(), "active".into()));
    assert_eq!((&seen.body["trusted"], &seen.body["name"]), (&json!(false), &Value::Null));

    let change = json!({ "name": "Ann", "trusted": true, "note": "pays at once" });
    store.admin_patch(&path, change).await.expect(200);
    let seen = store.admin_patch(&path, json!({ "name": null, "status": "blocked" })).await.expect(200);
    assert_eq!(
        (&seen.body["name"], seen.str("/status"), seen.str("/note")),
        (&Value::Null, "blocked".into(), "pays at once".into())
    );
    assert_eq!(store.admin_get(&path).await.expect(200).body, seen.body);
    store.admin_post("/customers", json!({ "email": "ANN@example.com" })).await.problem(409, "customer.email_taken");
    let wrong = json!({ "email": "nobody", "name": " ", "note": "\u{0}", "trusted": "very", "colour": "red" });
    let told = store.admin_post("/customers", wrong).await.problem(422, "request.invalid");
    let mut fields: Vec<&str> =
        told.body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["colour", "email", "name", "note", "trusted"], "{}", told.text);
    store.admin_get(&format!("/customers/{}", uuid::Uuid::now_v7())).await.problem(404, "not_found");
    let other = platform.open_store().await;
    other.admin_get(&path).await.problem(404, "not_found");
    let acts = "select count(*) from activity where entity_type = 'customer'";
    assert_eq!(store.count(acts).await, 3);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_changes_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let id = write_down(&store, "ann@example.com").await;
    let viewer = store.hire("viewer").await;
    let see = |path: &str| store.request(reqwest::Method::GET, &format!("/api/v1/admin{path}")).bearer_auth(&viewer);
    let path = format!("/customers/{id}");
    let allowed = Answer::of(see(&path).send().await.unwrap()).await.status;
    assert_eq!(Answer::of(see("/customers").send().await.unwrap()).await.status, allowed);
    let change = store.request(reqwest::Method::PATCH, &format!("/api/v1/admin{path}")).bearer_auth(&viewer);
    Answer::of(change.json(&json!({ "trusted": true })).send().await.unwrap()).await.problem(403, "auth.forbidden");
    assert_eq!(store.count("select count(*) from customers where trusted").await, 0);
}
