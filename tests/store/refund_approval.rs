//! Who may give how much back alone, and who agrees to the rest.

use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Bought, Platform, Store, assert_consistent, key};

async fn ask(store: &Store<'_>, token: &str, bought: &Bought, amount: i64) -> Answer {
    store.refund_as(token, bought, &key(), json!({ "amount_minor": amount, "reason": "broken" })).await
}

async fn act(store: &Store<'_>, token: &str, refund: &Answer, act: &str) -> Answer {
    let body = (act == "reject").then(|| json!({ "reason": "it was used" }));
    store.act_on_refund(token, &refund.str("/id"), act, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_gives_back_what_its_limit_says_and_asks_for_the_rest() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store
        .tamper(r#"update settings set refund_approval_minor = '{"support": 500, "manager": 1000, "owner": 1}'"#)
        .await;
    let variant = store.sell(100_000, 50).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let owner = store.token.clone();
    let [manager, support, viewer, fulfilment] = [
        store.hire("manager").await,
        store.hire("support").await,
        store.hire("viewer").await,
        store.hire("fulfilment").await,
    ];
    for (token, amount, status) in [
        (&support, 500, "approved"),
        (&support, 501, "requested"),
        (&manager, 1000, "approved"),
        (&manager, 1001, "requested"),
        (&owner, 50_000, "approved"),
    ] {
        let made = ask(&store, token, &bought, amount).await.expect(201);
        assert_eq!(made.str("/status"), status, "{amount}");
    }
    for token in [&viewer, &fulfilment] {
        ask(&store, token, &bought, 1).await.problem(403, "auth.forbidden");
    }
    let waiting = store.admin_get("/refunds?status=requested").await.expect(200);
    assert_eq!(waiting.body["data"].as_array().unwrap().len(), 2);
    platform.work().await;
    assert_eq!(platform.refunds_there().await.len(), 3, "what waits is not given back");
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_approves_and_never_who_asked() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    store.tamper(r#"update settings set refund_approval_minor = '{"manager": 0}'"#).await;
    let variant = store.sell(10_000, 50).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let (manager, other, support) =
        (store.hire("manager").await, store.hire("manager").await, store.hire("support").await);
    let made = ask(&store, &manager, &bought, 700).await.expect(201);
    act(&store, &manager, &made, "approve").await.problem(403, "refund.own_request");
    act(&store, &support, &made, "approve").await.problem(403, "auth.forbidden");
    let approved = act(&store, &other, &made, "approve").await.expect(200);
    assert_eq!(approved.str("/status"), "approved");
    assert_ne!(approved.body["decided_by"], approved.body["requested_by"]);
    act(&store, &other, &made, "approve").await.problem(409, "refund.wrong_status");
    act(&store, &other, &made, "reject").await.problem(409, "refund.wrong_status");
    platform.work().await;
    assert_eq!(store.see_refund(&made.str("/id")).await.str("/status"), "succeeded");
    act(&store, &other, &made, "cancel").await.problem(409, "refund.wrong_status");

    let rejected = ask(&store, &support, &bought, 300).await.expect(201);
    let rejected = act(&store, &store.token, &rejected, "reject").await.expect(200);
    assert_eq!((rejected.str("/status"), rejected.str("/decision")), ("rejected".into(), "it was used".into()));

    let mine = ask(&store, &support, &bought, 300).await.expect(201);
    let theirs = ask(&store, &manager, &bought, 300).await.expect(201);
    act(&store, &support, &theirs, "cancel").await.problem(403, "refund.not_yours");
    act(&store, &support, &mine, "cancel").await.expect(200);
    act(&store, &store.token, &theirs, "cancel").await.expect(200);
    assert_eq!(store.count("select refund_pending_minor from payments").await, 0, "nothing is promised any more");
    assert_eq!(store.count("select count(*) from activity where entity_type = 'refund'").await, 8);
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_feature_nobody_waits_for_a_second_person() {
    let platform = Platform::start().await;
    let store = platform.open_store_on("starter").await;
    let variant = store.sell(10_000, 50).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let support = store.hire("support").await;
    assert_eq!(ask(&store, &support, &bought, 700).await.expect(201).str("/status"), "approved");
    platform.work().await;
    assert_consistent(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_asks_and_the_store_decides() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let variant = store.sell(10_000, 50).await;
    let bought = store.buy(&[(&variant, 1)]).await;
    let line = store.line_of(&bought, &variant.id).await;
    let body = json!({ "lines": [{ "order_item_id": line, "quantity": 1 }], "reason": "too small" });
    let made = store.ask_refund(&bought, body).await.expect(201);
    assert_eq!((made.str("/status"), made.int("/amount_minor")), ("requested".into(), 10_000));
    assert!(made.body.get("requested_by").is_none(), "{}", made.text);
    let seen = async || {
        let request = store.request(Method::GET, &format!("/api/v1/orders/{}/refund-requests", bought.order));
        Answer::of(request.header("order-token", &bought.order_token).send().await.unwrap()).await.expect(200)
    };
    assert_eq!(seen().await.str("/data/0/status"), "requested");
    platform.work().await;
    assert_eq!(platform.refunds_there().await.len(), 0);
    // What is promised to the shopper cannot be promised twice.
    ask(&store, &store.token, &bought, 1).await.problem(409, "refund.exceeds_rest");
    act(&store, &store.token, &made, "approve").await.expect(200);
    platform.work().await;
    assert_eq!(seen().await.str("/data/0/status"), "succeeded");
    assert_eq!(store.see(&bought).await.str("/status"), "refunded");

    let other = store.buy(&[(&variant, 1)]).await;
    let path = format!("/api/v1/orders/{}/refund-requests", bought.order);
    let body: Value = json!({ "amount_minor": 1, "reason": "x" });
    let foreign = store.request(Method::POST, &path).header("order-token", &other.order_token);
    let foreign = foreign.header("idempotency-key", key()).json(&body);
    Answer::of(foreign.send().await.unwrap()).await.problem(404, "not_found");
    let bare = store.request(Method::POST, &path).header("order-token", &bought.order_token).json(&body);
    Answer::of(bare.send().await.unwrap()).await.problem(400, "idempotency.key_required");
    assert_consistent(&store).await;
}
