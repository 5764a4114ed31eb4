//! Promotions, taxes and shipping as staff makes them.

use serde_json::{Value, json};
use souk_tests::{Answer, Platform, Store, assert_consistent};

fn fields(answer: &Answer) -> Vec<String> {
    answer.errors().into_iter().map(|(field, _)| field).collect()
}

async fn version(store: &Store<'_>) -> i64 {
    store.count("select pricing_version from store_state").await
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_are_made_changed_listed_and_deleted() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let before = version(&store).await;
    let summer = json!({
        "title": "Summer", "code": " summer-25 ", "kind": "percent", "percent": 12.5, "minimum_subtotal_minor": 1000,
        "usage_limit": 5, "per_customer_limit": 1, "starts_at": "2020-01-01T00:00:00Z",
    });
    let made = store.admin_post("/promotions", summer).await.expect(201);
    assert_eq!((made.str("/code"), made.body["percent"].clone()), ("SUMMER-25".to_owned(), json!(12.5)));
    assert_eq!((made.int("/used"), made.int("/priority"), made.str("/status")), (0, 100, "active".to_owned()));
    assert_eq!(version(&store).await, before + 1);

    let path = format!("/promotions/{}", made.str("/id"));
    let changed = store.admin_patch(&path, json!({ "usage_limit": null, "percent": "10", "ends_at": null })).await;
    let changed = changed.expect(200);
    assert_eq!((changed.body["usage_limit"].clone(), changed.body["percent"].clone()), (Value::Null, json!(10)));
    assert_eq!(changed.int("/per_customer_limit"), 1, "what is not named stays");
    let fixed = store.admin_patch(&path, json!({ "kind": "fixed", "amount_minor": 300 })).await.expect(200);
    assert_eq!((fixed.body["percent"].clone(), fixed.int("/amount_minor")), (Value::Null, 300));
    assert_eq!(store.admin_get(&path).await.expect(200).body, fixed.body);

    let again = json!({ "title": "Again", "code": "summer-25", "kind": "free_shipping" });
    store.admin_post("/promotions", again).await.problem(409, "promotion.code_taken");
    let other = json!({ "title": "Other", "kind": "free_shipping" });
    let other = store.admin_post("/promotions", other).await.expect(201);
    let take = json!({ "code": "SUMMER-25" });
    store.admin_patch(&format!("/promotions/{}", other.str("/id")), take).await.problem(409, "promotion.code_taken");
    let page = store.admin_get("/promotions?limit=1").await.expect(200);
    assert_eq!(page.str("/data/0/id"), other.str("/id"));
    let next = format!("/promotions?limit=1&cursor={}", page.str("/next_cursor"));
    let page = store.admin_get(&next).await.expect(200);
    assert_eq!((page.str("/data/0/id"), page.body["next_cursor"].clone()), (made.str("/id"), Value::Null));

    store.admin_delete(&path).await.expect(204);
    store.admin_get(&path).await.problem(404, "not_found");
    store.admin_delete(&path).await.problem(404, "not_found");
    let again = json!({ "title": "Again", "code": "summer-25", "kind": "free_shipping" });
    store.admin_post("/promotions", again).await.expect(201);
    let acts = store.count("select count(*) from activity where entity_type = 'promotion'").await;
    assert_eq!((acts, version(&store).await), (6, before + 6));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_rule_is_told_at_once() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let wrong = json!({
        "title": "", "code": "?", "kind": "percent", "amount_minor": 5, "minimum_subtotal_minor": -1,
        "usage_limit": 0, "starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z",
    });
    let told = store.admin_post("/promotions", wrong).await.problem(422, "request.invalid");
    let all = ["title", "code", "percent", "amount_minor", "minimum_subtotal_minor", "usage_limit", "ends_at"];
    assert_eq!(fields(&told), all);
    let wrong = json!({
        "title": " ", "country": "Germany", "region": "", "category_id": uuid::Uuid::now_v7(), "percent": 19,
        "inclusive": true,
    });
    let told = store.admin_post("/tax-rates", wrong).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), ["title", "country", "region", "category_id"]);
    let wrong = json!({ "code": "A b", "title": "", "zones": [{ "countries": ["d"], "price_minor": -1 }] });
    let told = store.admin_post("/shipping-methods", wrong).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), ["code", "title", "zones[0].countries[0]", "zones[0].price_minor"]);
    for percent in [json!(-1), json!(100.1), json!(0.00001), json!("x"), json!(null), json!(1e300)] {
        let rate = json!({ "title": "T", "country": "DE", "percent": percent, "inclusive": true });
        store.admin_post("/tax-rates", rate).await.problem(422, "request.invalid");
    }
    let unknown = json!({ "title": "T", "kind": "fixed", "amount_minor": 1, "currency": "EUR" });
    let told = store.admin_post("/promotions", unknown).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), ["currency"]);
    assert_eq!(store.count("select count(*) from activity where action like 'promotion%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_never_below_what_is_used() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let promotion = json!({ "title": "P", "code": "PP", "kind": "fixed", "amount_minor": 1, "usage_limit": 9 });
    let made = store.admin_post("/promotions", promotion).await.expect(201);
    let path = format!("/promotions/{}", made.str("/id"));
    store.tamper("update promotions set used = 3").await;
    let refused = store.admin_patch(&path, json!({ "usage_limit": 2 })).await;
    let refused = refused.problem(409, "promotion.limit_below_used");
    assert_eq!(refused.int("/used"), 3);
    assert_eq!(store.admin_patch(&path, json!({ "usage_limit": 3 })).await.expect(200).int("/used"), 3);
    store.tamper("update promotions set used = 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_has_one_tax_rate_and_a_taxed_category_stays() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let category = store.admin_post("/categories", json!({ "title": "Food" })).await.expect(201).str("/id");
    let rate = json!({
        "title": "Food", "country": "DE", "region": " Bayern ", "category_id": category, "percent": "7.0000",
        "inclusive": true,
    });
    let made = store.admin_post("/tax-rates", rate.clone()).await.expect(201);
    assert_eq!((made.str("/region"), made.body["on_shipping"].clone()), ("Bayern".to_owned(), json!(true)));
    let again = json!({ "region": "BAYERN" });
    let mut again_rate = rate;
    again_rate["region"] = again["region"].clone();
    store.admin_post("/tax-rates", again_rate).await.problem(409, "tax_rate.place_taken");
    store.admin_delete(&format!("/categories/{category}")).await.problem(409, "category.taxed");
    let path = format!("/tax-rates/{}", made.str("/id"));
    let wide = store.admin_patch(&path, json!({ "region": null, "category_id": null, "percent": 7.25 })).await;
    assert_eq!(wide.expect(200).body["percent"], json!(7.25));
    store.admin_delete(&format!("/categories/{category}")).await.expect(204);
    let gone = store.admin_patch(&path, json!({ "category_id": category })).await.problem(422, "request.invalid");
    assert_eq!(gone.errors(), [("category_id".to_owned(), "CATEGORY_NOT_FOUND".to_owned())]);
    store.admin_delete(&path).await.expect(204);
    assert_eq!(store.admin_get("/tax-rates").await.expect(200).body["data"], json!([]));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shipping_methods_are_listed_as_they_are_offered() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let way = |code: &str, position: i64| {
        json!({
            "code": code, "title": code, "position": position,
            "zones": [{ "countries": ["DE"], "weight_tiers": [{ "up_to_grams": 1000, "price_minor": 490 }] }],
        })
    };
    let late = store.admin_post("/shipping-methods", way("late", 5)).await.expect(201);
    let early = store.admin_post("/shipping-methods", way("early", -5)).await.expect(201);
    store.admin_post("/shipping-methods", way("late", 1)).await.problem(409, "shipping_method.code_taken");
    let page = store.admin_get("/shipping-methods?limit=1").await.expect(200);
    assert_eq!(page.str("/data/0/id"), early.str("/id"));
    let next = format!("/shipping-methods?cursor={}", page.str("/next_cursor"));
    assert_eq!(store.admin_get(&next).await.expect(200).str("/data/0/id"), late.str("/id"));
    let path = format!("/shipping-methods/{}", late.str("/id"));
    let changed = store.admin_patch(&path, json!({ "status": "paused" })).await.expect(200);
    assert_eq!(changed.str("/status"), "paused");
    assert_eq!(changed.int("/zones/0/weight_tiers/0/price_minor"), 490, "what is not named stays");
    store.admin_patch(&path, json!({ "zones": [] })).await.problem(422, "request.invalid");
    store.admin_delete(&path).await.expect(204);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_money_and_review_are_changed_together() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let first = store.admin_get("/settings").await.expect(200);
    assert_eq!((first.body["country"].clone(), first.str("/capture")), (Value::Null, "automatic".to_owned()));
    let change = json!({
        "country": "DE", "capture": "manual", "price_tolerance_minor": 5, "edit_cancels_checkout": true,
        "cod_review_minor": 10_000, "order_review_minor": 0, "pending_orders_review": 3, "hourly_orders_review": 4,
        "duplicate_minutes": 10, "refund_approval_minor": { "support": 5000 },
    });
    let changed = store.admin_patch("/settings", change.clone()).await.expect(200);
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&changed.body[name], value, "{name}");
    }
    let back = json!({ "country": null, "cod_review_minor": null, "duplicate_minutes": null });
    let back = store.admin_patch("/settings", back).await.expect(200);
    assert_eq!((back.body["country"].clone(), back.int("/pending_orders_review")), (Value::Null, 3));
    let wrong = json!({
        "country": "de", "price_tolerance_minor": -1, "cod_review_minor": -1, "order_review_minor": -1,
        "pending_orders_review": 0, "hourly_orders_review": 0, "duplicate_minutes": 1441,
        "refund_approval_minor": { "king": 1 },
    });
    let told = store.admin_patch("/settings", wrong).await.problem(422, "request.invalid");
    assert_eq!(fields(&told).len(), 8, "{}", told.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_at_once_even_what_cannot_be_read() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let fields = |answer: &souk_tests::Answer| -> Vec<String> {
        let errors = answer.body["errors"].as_array().unwrap().iter();
        let mut fields: Vec<String> = errors.map(|error| error["field"].as_str().unwrap().to_owned()).collect();
        fields.sort_unstable();
        fields
    };
    let wrong = json!({
        "title": " ", "code": "!", "kind": "percent", "percent": 150, "usage_limit": 0, "priority": 3_000_000_000_i64,
        "minimum_subtotal_minor": -1, "per_customer_limit": "many", "starts_at": "tomorrow", "colour": "red",
    });
    let all = [
        "code",
        "colour",
        "minimum_subtotal_minor",
        "per_customer_limit",
        "percent",
        "priority",
        "starts_at",
        "title",
        "usage_limit",
    ];
    let told = store.admin_post("/promotions", wrong.clone()).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), all, "{}", told.text);

    let right = json!({ "title": "T", "kind": "fixed", "amount_minor": 100 });
    let promotion = store.admin_post("/promotions", right).await.expect(201);
    let path = format!("/promotions/{}", promotion.str("/id"));
    let told = store.admin_patch(&path, wrong).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), all, "{}", told.text);
    let told = store.admin_patch(&path, json!({ "percent": 5, "priority": 0.5 })).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), ["percent", "priority"], "what depends on the promotion itself is told too");
    let told = store.admin_patch(&path, json!({ "kind": "most", "title": 7 })).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), ["kind", "title"]);
    let gone = format!("/promotions/{}", uuid::Uuid::now_v7());
    store.admin_patch(&gone, json!({ "title": 7 })).await.problem(404, "not_found");
    assert_eq!(store.admin_get(&path).await.expect(200).body, promotion.body, "nothing was changed");

    let rate =
        json!({ "title": "", "country": "de", "percent": -1, "inclusive": "yes", "category_id": uuid::Uuid::nil() });
    let told = store.admin_post("/tax-rates", rate).await.problem(422, "request.invalid");
    assert_eq!(fields(&told), ["category_id", "country", "inclusive", "percent", "title"], "{}", told.text);
    let method =
        json!({ "code": "X", "title": "", "position": 1.5, "zones": [{ "price_minor": -1, "free_over_minor": 1e30 }] });
    let told = store.admin_post("/shipping-methods", method).await.problem(422, "request.invalid");
    assert_eq!(
        fields(&told),
        ["code", "position", "title", "zones[0].free_over_minor", "zones[0].price_minor"],
        "{}",
        told.text
    );
}
