//! Orders that wait for a person's word.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Bought, Platform, Store, Variant, assert_consistent, card, cash, key};

async fn by_cash(store: &Store<'_>, variant: &Variant, email: &str) -> (Bought, Value) {
    let cart = store.fill_cart(&[(variant, 1)]).await;
    let mut body = cash(&cart);
    body["email"] = email.into();
    let answer = store.checkout(&cart, &key(), &body).await.expect(201);
    (Store::bought(cart, &answer), answer.body["order"].clone())
}

async fn reasons(store: &Store<'_>, order: &str) -> String {
    use sqlx::Row;
    store.rows(&format!("select array_to_string(review_reasons, ' ') from orders where id = '{order}'")).await[0].get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_above_the_limit_waits_and_goes_on_once_approved() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "cod_review_minor": 1500 })).await.expect(200);
    let (cheap, dear) = (store.sell(1500, 5).await, store.sell(1501, 5).await);
    let (_, order) = by_cash(&store, &cheap, "ann@example.com").await;
    assert_eq!((&order["status"], &order["review"]), (&json!("confirmed"), &Value::Null));

    let (bought, order) = by_cash(&store, &dear, "ann@example.com").await;
    assert_eq!((&order["status"], &order["review"]), (&json!("pending"), &json!("pending")));
    assert_eq!(reasons(&store, &bought.order).await, "identity_check");
    assert_eq!(store.stock(&dear.id).await, (5, 1));
    assert_eq!(store.see_checkout(&bought).await.str("/checkout/status"), "completed");
    assert_consistent(&store).await;

    let path = format!("/orders/{}", bought.order);
    let told = store.admin_post(&format!("{path}/approve"), json!({ "reason": "called them" })).await.expect(200);
    assert_eq!((told.str("/status"), told.str("/review")), ("confirmed".into(), "approved".into()));
    store.admin_post(&format!("{path}/approve"), json!({})).await.expect(200);
    let answer = store.admin_post(&format!("{path}/reject"), json!({})).await.problem(409, "order.reviewed");
    assert_eq!(answer.str("/review"), "approved");
    let acts =
        format!("select count(*) from activity where action = 'order.approved' and entity_id = '{}'", bought.order);
    assert_eq!(store.count(&acts).await, 1);
    let events = format!(
        "select count(*) from events where event_type = 'order.approved' and aggregate_id = '{}'",
        bought.order
    );
    assert_eq!(store.count(&events).await, 1);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_order_gives_its_goods_back_and_its_cart_stays_closed() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "order_review_minor": 100 })).await.expect(200);
    let variant = store.sell(1000, 5).await;
    let (bought, _) = by_cash(&store, &variant, "ann@example.com").await;
    let path = format!("/orders/{}/reject", bought.order);
    let told = store.admin_post(&path, json!({ "reason": "no such street" })).await.expect(200);
    assert_eq!((told.str("/status"), told.str("/review")), ("cancelled".into(), "rejected".into()));
    store.admin_post(&path, json!({})).await.expect(200);
    store.admin_post(&format!("/orders/{}/approve", bought.order), json!({})).await.problem(409, "order.reviewed");
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    let items = format!("/api/v1/carts/{}/items", bought.cart.id);
    let add = json!({ "variant_id": variant.id, "quantity": 1 });
    store.with_cart(&bought.cart, Method::POST, &items, Some(add)).await.problem(409, "cart.completed");
    store.admin_post(&format!("/orders/{}/approve", uuid::Uuid::now_v7()), json!({})).await.expect(404);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_orders_at_once_those_above_the_limit_wait() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "hourly_orders_review": 4 })).await.expect(200);
    let variant = store.sell(1000, 100).await;
    let orders = join_all((0..10).map(|_| by_cash(&store, &variant, "ann@example.com"))).await;
    assert_eq!(orders.iter().filter(|(_, order)| order["status"] == "pending").count(), 6);
    let (_, other) = by_cash(&store, &variant, "bob@example.com").await;
    assert_eq!(other["status"], "confirmed");

    // Whom the store trusts is not asked.
    let ann = store.admin_post("/customers", json!({ "email": "Ann@Example.com", "trusted": true })).await.expect(201);
    let (_, order) = by_cash(&store, &variant, "ann@example.com").await;
    assert_eq!(order["status"], "confirmed");
    store.admin_patch(&format!("/customers/{}", ann.str("/id")), json!({ "status": "blocked" })).await.expect(200);
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let answer = store.checkout(&cart, &key(), &card(&cart)).await.problem(422, "checkout.invalid");
    assert_eq!((answer.str("/errors/0/field"), answer.str("/errors/0/code")), ("email".into(), "USER_INACTIVE".into()));
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_waits_unless_the_first_came_to_nothing() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "duplicate_minutes": 10 })).await.expect(200);
    let variant = store.sell(1000, 100).await;
    let first = store.order(&[(&variant, 1)]).await;
    store.cancel(&first, &key()).await.expect(200);
    let (_, order) = by_cash(&store, &variant, "ann@example.com").await;
    assert_eq!(order["status"], "confirmed");
    let (again, order) = by_cash(&store, &variant, "ann@example.com").await;
    assert_eq!(order["status"], "pending");
    assert_eq!(reasons(&store, &again.order).await, "duplicate");
    assert_consistent(&store).await;
}

/// A card order that waits for a word, with its money promised.
async fn authorised(store: &Store<'_>, variant: &Variant) -> Bought {
    let bought = store.order(&[(variant, 1)]).await;
    store.confirm(&bought, "pm_card_visa").await.expect(200);
    store.until_payment(&bought, "authorized").await;
    bought
}

#[tokio::test(flavor = "multi_thread")]
async fn promised_money_is_taken_once_approved_and_let_go_once_rejected() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "order_review_minor": 100 })).await.expect(200);
    let variant = store.sell(1999, 5).await;
    let (liked, disliked) = (authorised(&store, &variant).await, authorised(&store, &variant).await);

    store.admin_post(&format!("/orders/{}/approve", liked.order), json!({})).await.expect(200);
    platform.work().await;
    store.until_status(&liked, "paid").await;
    assert_eq!(platform.intent(&liked.intent()).await["amount_received"], 1999);

    let path = format!("/orders/{}/reject", disliked.order);
    let told = store.admin_post(&path, json!({ "reason": "looks odd" })).await.expect(200);
    assert_eq!((told.str("/status"), told.str("/failure")), ("cancelled".into(), "rejected".into()));
    store.admin_post(&path, json!({})).await.expect(200);
    assert_eq!(platform.intent(&disliked.intent()).await["status"], "canceled");
    assert_eq!(store.stock(&variant.id).await, (5, 1));
    assert_consistent(&store).await;
}

/// Lets so many hours pass for what waits for a word.
async fn wait(store: &Store<'_>, hours: i32) {
    store.tamper(&format!("update orders set created_at = created_at - interval '{hours} hours'")).await;
    store.tamper(&format!("update souk.jobs set run_at = now() where tenant_id = '{}'", store.id)).await;
    store.platform.work().await;
}

async fn told(store: &Store<'_>, event: &str, order: &str) -> i64 {
    let query = format!("select count(*) from events where event_type = '{event}' and aggregate_id = '{order}'");
    store.count(&query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_looks_at_is_rejected_in_the_end() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "order_review_minor": 100 })).await.expect(200);
    let once = json!({ "title": "Once", "code": "ONCE", "kind": "percent", "percent": "10", "usage_limit": 5 });
    store.admin_post("/promotions", once).await.expect(201);
    let variant = store.sell(1000, 5).await;
    let cart = store.fill_cart(&[(&variant, 1)]).await;
    let mut body = cash(&cart);
    body["promo_code"] = "ONCE".into();
    body["expected_total_minor"] = 900.into();
    let answer = store.checkout(&cart, &key(), &body).await.expect(201);
    let by_cash = Store::bought(cart, &answer);
    let by_card = authorised(&store, &variant).await;
    let unpaid = store.order(&[(&variant, 1)]).await;
    // Whoever holds it keeps it from others, not from time.
    store.admin_post(&format!("/orders/{}/lock", by_cash.order), json!({ "reason": "calling" })).await.expect(200);

    wait(&store, 47).await;
    assert_eq!(told(&store, "order.review_due", &by_cash.order).await, 0);
    wait(&store, 1).await;
    wait(&store, 1).await;
    for bought in [&by_cash, &by_card] {
        assert_eq!(told(&store, "order.review_due", &bought.order).await, 1);
        assert_eq!(store.see(bought).await.str("/review"), "pending");
    }
    assert_eq!(store.stock(&variant.id).await.1, 2 + i32::from(store.see(&unpaid).await.str("/status") != "failed"));
    assert_consistent(&store).await;

    wait(&store, 24).await;
    for bought in [&by_cash, &by_card] {
        let order = store.see(bought).await;
        assert_eq!((order.str("/status"), order.str("/review")), ("cancelled".into(), "rejected".into()));
        assert_eq!(order.str("/failure"), "review_lapsed");
        assert_eq!(told(&store, "order.rejected", &bought.order).await, 1);
    }
    assert_eq!(platform.intent(&by_card.intent()).await["status"], "canceled");
    assert_eq!(store.count("select used from promotions").await, 0);
    store.let_pass(120).await;
    platform.work().await;
    assert_eq!(store.stock(&variant.id).await, (5, 0));
    let jobs = format!("select count(*) from souk.jobs where kind = 'review.end' and tenant_id = '{}'", store.id);
    assert_eq!(store.count(&jobs).await, 0);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_may_let_its_orders_wait_for_ever() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.admin_patch("/settings", json!({ "order_review_minor": 100, "review_hold_hours": 0 })).await.expect(200);
    store.admin_patch("/settings", json!({ "review_hold_hours": 721 })).await.problem(422, "request.invalid");
    let variant = store.sell(1000, 5).await;
    let (bought, _) = by_cash(&store, &variant, "ann@example.com").await;
    wait(&store, 5000).await;
    assert_eq!(store.see(&bought).await.str("/review"), "pending");
    store.admin_patch("/settings", json!({ "review_hold_hours": 1 })).await.expect(200);
    wait(&store, 0).await;
    assert_eq!(store.see(&bought).await.str("/status"), "cancelled");
    assert_consistent(&store).await;
}
