//! Subscribing, and who may: over HTTP, with the provider's look-alike.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use souk_tests::{Answer, Books, Merchant, key};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn who_subscribes_early_in_the_trial_keeps_the_rest_of_it() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    let ends = Merchant::time(&merchant.billing().await, "/trial_ends_at");
    let page = merchant.post("/checkout", json!({ "plan": "growth", "interval": "year" })).await.expect(201);
    assert_eq!(Merchant::time(&page, "/trial_ends_at"), ends);
    merchant.complete(&page.str("/session_id"), "pm_card_visa").await.expect(200);
    let billing = merchant.billing().await;
    assert_eq!((billing.str("/status"), billing.str("/plan")), ("trialing".into(), "growth".into()));
    assert_eq!((billing.int("/price/amount_minor"), billing.str("/price/interval")), (79000, "year".into()));
    assert_eq!(billing.str("/next/what"), "first_payment");
    assert_eq!(merchant.mails().await, ["subscribed"]);
    books.pass(15).await;
    assert_eq!(merchant.stands().await, ("active".into(), "growth".into(), None));
    merchant.store.get("/api/v1/store").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn a_page_is_made_once_and_only_one_can_be_paid() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    let (key, body) = (key(), json!({ "plan": "growth" }));
    let asked = (0..6).map(|_| merchant.ask_under(&key, Method::POST, "/checkout", Some(body.clone())));
    let answers: Vec<Answer> = join_all(asked).await;
    let first = answers.iter().find(|answer| answer.status == 201).unwrap();
    for answer in &answers {
        assert!(answer.status == 201 || answer.code() == "idempotency.in_progress", "{}", answer.text);
        assert!(answer.status != 201 || answer.text == first.text);
    }
    let again = merchant.ask_under(&key, Method::POST, "/checkout", Some(body.clone())).await.expect(201);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    // The same wish under another key leads to the same page.
    let same = merchant.post("/checkout", body).await.expect(201);
    assert_eq!(same.str("/session_id"), first.str("/session_id"));
    // Another wish closes it.
    let other = merchant.post("/checkout", json!({ "plan": "scale" })).await.expect(201);
    assert_ne!(other.str("/session_id"), first.str("/session_id"));
    assert!(merchant.complete(&first.str("/session_id"), "pm_card_visa").await.status >= 400);
    merchant.complete(&other.str("/session_id"), "pm_card_visa").await.expect(200);
    assert_eq!(merchant.billing().await.str("/plan"), "scale");
    merchant.post("/checkout", json!({})).await.problem(409, "billing.already_subscribed");
    let customers = books.stripe(Method::GET, "/v1/customers", &[]).await;
    assert_eq!(customers["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_see_and_change_what_a_store_pays() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    let other = Merchant::on(&books, "starter").await;
    let token = other.token().await;
    let routes = [
        (Method::GET, ""),
        (Method::GET, "/invoices"),
        (Method::GET, "/dunning?day=3"),
        (Method::POST, "/checkout"),
        (Method::POST, "/portal"),
        (Method::POST, "/change-plan"),
        (Method::POST, "/preview-change"),
        (Method::POST, "/cancel"),
        (Method::POST, "/resume"),
    ];
    let member = "insert into landlord.memberships (account_id, tenant_id, role)
                  select m.account_id, $1, 'manager' from landlord.memberships m where m.tenant_id = $2";
    for (status, code) in [(404, "not_found"), (403, "auth.forbidden")] {
        for (method, path) in routes.clone() {
            let path = format!("/api/v1/tenants/{}/billing{path}", merchant.store.id);
            let request = books.platform.request(method.clone(), "localhost", &path).header("idempotency-key", key());
            let request = if path.ends_with("change") || path.ends_with("change-plan") {
                request.json(&json!({ "plan": "growth" }))
            } else {
                request.json(&json!({}))
            };
            let none = Answer::of(request.try_clone().unwrap().send().await.unwrap()).await;
            none.problem(401, "auth.required");
            Answer::of(request.bearer_auth(&token).send().await.unwrap()).await.problem(status, code);
        }
        let (to, of) = (merchant.store.id.0, other.store.id.0);
        sqlx::query(member).bind(to).bind(of).execute(&books.platform.database).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn what_is_wrong_is_said() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    merchant.post("/checkout", json!({ "plan": "nothing" })).await.problem(422, "plan.unknown");
    merchant
        .post("/checkout", json!({ "return_path": "//evil.test" }))
        .await
        .problem(422, "billing.return_path_invalid");
    merchant.post("/checkout", json!({ "plan": "growth", "price": 0 })).await.problem(422, "request.invalid");
    for path in ["/cancel", "/resume"] {
        merchant.post(path, json!({})).await.problem(409, "billing.no_subscription");
    }
    merchant.post("/change-plan", json!({ "plan": "starter" })).await.problem(409, "billing.same_plan");
    merchant.ask(Method::GET, "/dunning?day=-1", None).await.problem(400, "request.invalid_query");
    // During the trial another plan is had for the asking.
    let changed = merchant.post("/change-plan", json!({ "plan": "growth" })).await.expect(200);
    assert_eq!((changed.str("/plan"), changed.str("/status")), ("growth".into(), "trialing".into()));
    // Once it is over, one subscribes.
    books.pass(15).await;
    merchant.post("/change-plan", json!({ "plan": "scale" })).await.problem(409, "billing.no_subscription");
    let url = merchant.post("/portal", json!({})).await.expect(200).str("/url");
    assert!(url.starts_with("http"), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn a_card_that_is_declined_changes_nothing() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    books.pass(13).await;
    merchant.subscribe("starter").await;
    merchant.pay_by("pm_card_chargeCustomerFail").await;
    books.pass(3).await;
    let key = key();
    let wish = Some(json!({ "plan": "growth" }));
    let declined = merchant.ask_under(&key, Method::POST, "/change-plan", wish.clone()).await;
    let declined = declined.problem(402, "billing.payment_failed");
    books.settle().await;
    assert_eq!(merchant.stands().await, ("active".into(), "starter".into(), None));
    // The refusal is this act's answer; with a better card it is another act.
    assert_eq!(merchant.ask_under(&key, Method::POST, "/change-plan", wish.clone()).await.text, declined.text);
    merchant.pay_by("pm_card_visa").await;
    merchant.ask(Method::POST, "/change-plan", wish).await.expect(200);
    assert_eq!(merchant.billing().await.str("/plan"), "growth");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn a_provider_that_does_not_answer_is_asked_again_and_acts_once() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    books.pass(13).await;
    merchant.subscribe("starter").await;
    let rule = json!({ "method": "POST", "path_prefix": "/v1/subscriptions", "fault": "drop_reply", "times": 3 });
    books.platform.spoil(rule).await;
    let key = key();
    let wish = Some(json!({ "plan": "growth" }));
    let first = merchant.ask_under(&key, Method::POST, "/change-plan", wish.clone()).await;
    assert!(first.status == 503 || first.status == 200, "{}", first.text);
    books.platform.heal().await;
    let second = merchant.ask_under(&key, Method::POST, "/change-plan", wish).await.expect(200);
    assert_eq!(second.str("/plan"), "growth");
    books.settle().await;
    let invoices = merchant.ask(Method::GET, "/invoices", None).await.expect(200);
    assert_eq!(invoices.body["data"].as_array().unwrap().len(), 2, "charged once: {}", invoices.text);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn limits_of_the_new_plan_hold_at_once() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;
    merchant.store.admin_get("/reports/sales").await;
    books.pass(13).await;
    merchant.subscribe("starter").await;
    let plan = async || books.platform.souk.stores.of(merchant.store.id).await.unwrap().unwrap().resolved.plan.clone();
    assert_eq!(plan().await, "starter");
    merchant.post("/change-plan", json!({ "plan": "growth" })).await.expect(200);
    for _ in 0..100 {
        if plan().await == "growth" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the change is not heard of");
}
