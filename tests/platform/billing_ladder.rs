//! The ladder: what it takes from a store at each stage, what it leaves, and that it is undone at once.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Answer, Books, Merchant, unique};

/// Until every process has heard of it.
async fn until(what: &str, ask: impl AsyncFn() -> Answer, wanted: impl Fn(&Answer) -> bool) -> Answer {
    for _ in 0..250 {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{what} does not come");
}

fn product() -> Value {
    json!({ "title": unique("P"), "status": "active", "variants": [{ "sku": unique("S"), "price_minor": 100 }] })
}

/// Puts a store on the ladder as the provider's word would, so many days ago, and has the worker take its steps.
async fn behind(merchant: &Merchant<'_>, days: i64) {
    let landlord = &merchant.books.platform.souk.landlord;
    let now = landlord.clock.now();
    let origin = kernel::origin::Origin::system();
    let mut tx = landlord.db.begin().await.unwrap();
    landlord::dunning::undo(&mut tx, &origin, merchant.store.id).await.unwrap();
    let cause = landlord::dunning::Cause::PaymentFailed;
    let since = now - Duration::days(days);
    landlord::dunning::begin(&mut tx, &origin, merchant.store.id, cause, since, now).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn each_stage_takes_more_and_money_may_always_go_back() {
    let books = Books::plain().await;
    let merchant = Merchant::on(&books, "scale").await;
    let store = &merchant.store;
    let variant = store.sell(1000, 50).await;
    let paid = store.buy(&[(&variant, 2)]).await;
    let refunds = format!("/orders/{}/refunds", paid.order);
    let refund = async || store.admin_post(&refunds, json!({ "amount_minor": 1, "reason": "broken" })).await;
    let add = async || store.admin_post("/products", product()).await;
    let adjust = async || store.adjust(&variant.id, 1).await;
    let cart = async || {
        let request = store.request(Method::POST, "/api/v1/carts").json(&json!({}));
        Answer::of(request.send().await.unwrap()).await
    };
    let checkout = async || {
        let request = store.request(Method::POST, "/api/v1/checkouts").header("idempotency-key", souk_tests::key());
        Answer::of(request.json(&json!({})).send().await.unwrap()).await
    };
    // (day, adding a product, changing stock, beginning a checkout, looking)
    for (day, adding, changing, buying, looking) in [
        (0, None, None, None, None),
        (3, None, None, None, None),
        (7, Some("tenant.products_frozen"), None, None, None),
        (10, Some("tenant.read_only"), Some("tenant.read_only"), None, None),
        (14, Some("tenant.read_only"), Some("tenant.read_only"), Some("tenant.checkout_paused"), None),
        (30, Some("tenant.suspended"), Some("tenant.suspended"), Some("tenant.suspended"), Some("tenant.suspended")),
    ] {
        behind(&merchant, day).await;
        let says = |answer: &Answer, code: Option<&str>| match code {
            Some(code) => answer.status == 403 && answer.code() == code,
            None => answer.status != 403,
        };
        until(&format!("day {day}: adding"), &add, |answer| says(answer, adding)).await;
        until(&format!("day {day}: changing"), &adjust, |answer| says(answer, changing)).await;
        until(&format!("day {day}: buying"), &checkout, |answer| says(answer, buying)).await;
        until(&format!("day {day}: looking"), &cart, |answer| says(answer, looking)).await;
        until(&format!("day {day}: refunding"), &refund, |answer| answer.status == 201).await;
    }
    let origin = kernel::origin::Origin::system();
    let landlord = &books.platform.souk.landlord;
    let mut tx = landlord.db.begin().await.unwrap();
    landlord::dunning::undo(&mut tx, &origin, store.id).await.unwrap();
    tx.commit().await.unwrap();
    until("paying", &add, |answer| answer.status == 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_taken_once_however_many_workers_there_are() {
    let books = Books::plain().await;
    let merchant = Merchant::on(&books, "scale").await;
    behind(&merchant, 0).await;
    assert_eq!(merchant.mails().await, ["behind:mail"]);
    books.platform.clock.advance(Duration::days(8));
    let work = (0..8).map(|_| books.work());
    futures::future::join_all(work).await;
    let mails = merchant.mails().await;
    let steps: Vec<&String> = mails.iter().filter(|mail| mail.starts_with("behind:")).collect();
    assert_eq!(steps, ["behind:freeze_products"], "what is due together is one mail");
    let taken = "select count(*) from landlord.dunning_taken where tenant_id = $1";
    let taken: i64 =
        sqlx::query_scalar(taken).bind(merchant.store.id.0).fetch_one(&books.platform.database).await.unwrap();
    assert_eq!(taken, 3);
    let noted = "select count(*) from landlord.audit_log where tenant_id = $1 and action = 'dunning.step'";
    let noted: i64 =
        sqlx::query_scalar(noted).bind(merchant.store.id.0).fetch_one(&books.platform.database).await.unwrap();
    assert_eq!(noted, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_nobody_subscribes_after_goes_down_its_own_ladder() {
    let books = Books::plain().await;
    let merchant = Merchant::on(&books, "starter").await;
    for (days, status, stage, mails) in [
        (10, "trialing", None, vec![]),
        (2, "trialing", None, vec!["trial_will_end"]),
        (3, "paused", Some("checkout_paused"), vec!["behind:pause_checkout"]),
        (5, "paused", Some("checkout_paused"), vec![]),
        (2, "paused", Some("checkout_paused"), vec!["behind:mail"]),
        (7, "paused", Some("suspended"), vec!["behind:suspend"]),
    ] {
        books.platform.clock.advance(Duration::days(days));
        books.work().await;
        let (now, _, at) = merchant.stands().await;
        assert_eq!((now.as_str(), at.as_deref()), (status, stage), "after {days} more days");
        assert_eq!(merchant.mails().await, mails, "after {days} more days");
    }
    let billing = merchant.billing().await;
    assert_eq!(billing.body["can"], json!(["subscribe"]));
    assert_eq!(billing.body["payment_problem"], Value::Null);
    until("closing", async || merchant.store.get("/api/v1/store").await, |answer| answer.status == 403).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_can_see_what_happens_on_which_day() {
    let books = Books::plain().await;
    let merchant = Merchant::on(&books, "growth").await;
    for (day, stage, steps, next) in [
        (0, "notice", vec!["mail"], Some("banner")),
        (5, "banner", vec![], Some("freeze_products")),
        (14, "checkout_paused", vec!["pause_checkout"], Some("suspend")),
        (200, "suspended", vec![], None),
    ] {
        let seen = merchant.ask(Method::GET, &format!("/dunning?day={day}"), None).await.expect(200);
        assert_eq!(seen.str("/stage"), stage, "day {day}");
        let actions: Vec<&str> =
            seen.body["steps"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
        assert_eq!(actions, steps, "day {day}");
        assert_eq!(seen.body.pointer("/next/action").and_then(Value::as_str), next, "day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_may_have_a_ladder_of_its_own() {
    let books = Books::plain().await;
    let ladder = unique("patient").to_lowercase();
    let plan = unique("plan").to_lowercase();
    let database = &books.platform.database;
    for statement in [
        format!("insert into landlord.dunning_ladders (code, name) values ('{ladder}', 'Patient')"),
        format!(
            "insert into landlord.dunning_steps (ladder, day, action, mail) values ('{ladder}', 20, 'suspend', true)"
        ),
        format!(
            "insert into landlord.plans (code, name, price_minor, currency, position, active, dunning_ladder)
             values ('{plan}', 'Patient', 100, 'USD', 99, false, '{ladder}')"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(database).await.unwrap();
    }
    let merchant = Merchant::on(&books, "starter").await;
    let moved = format!("update landlord.subscriptions set plan = '{plan}' where tenant_id = '{}'", merchant.store.id);
    sqlx::query(sqlx::AssertSqlSafe(moved)).execute(database).await.unwrap();
    behind(&merchant, 19).await;
    assert_eq!(merchant.stands().await.2.as_deref(), Some("none"));
    books.platform.clock.advance(Duration::days(1));
    books.work().await;
    assert_eq!(merchant.stands().await.2.as_deref(), Some("suspended"));
}
