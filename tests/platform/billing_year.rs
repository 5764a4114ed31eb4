//! A year of a merchant's life, every state and every mail of it.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use souk_tests::{Books, Merchant};

fn stands(status: &str, plan: &str, stage: Option<&str>) -> (String, String, Option<String>) {
    (status.to_owned(), plan.to_owned(), stage.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the platform's clock and that of the signatures are not moved together yet"]
async fn a_year_of_a_merchant_s_life() {
    let books = Books::open().await;
    let merchant = Merchant::on(&books, "starter").await;

    // The trial: 14 days without a card.
    assert_eq!(merchant.stands().await, stands("trialing", "starter", None));
    let billing = merchant.billing().await;
    assert_eq!(billing.str("/next/what"), "trial_ends");
    assert_eq!(billing.body["can"], json!(["subscribe", "change_plan"]));
    books.pass(12).await;
    assert_eq!(merchant.mails().await, ["trial_will_end"]);
    books.pass_by(Duration::hours(1)).await;
    assert_eq!(merchant.mails().await, [""; 0]);

    // Subscribed on the provider's page; less than two days of the trial are left, so the first month is paid at once.
    merchant.subscribe("starter").await;
    assert_eq!(merchant.stands().await, stands("active", "starter", None));
    let billing = merchant.billing().await;
    assert_eq!((billing.int("/price/amount_minor"), billing.str("/price/interval")), (1900, "month".to_owned()));
    assert_eq!(billing.str("/next/what"), "renews");
    let mut mails = merchant.mails().await;
    mails.sort();
    assert_eq!(mails, ["invoice_paid", "subscribed"]);

    // Renewed by itself.
    let first_end = Merchant::time(&billing, "/current_period_end");
    books.pass(32).await;
    let billing = merchant.billing().await;
    assert!(Merchant::time(&billing, "/current_period_end") > first_end);
    assert_eq!(merchant.mails().await, ["invoice_paid"]);

    // A bigger plan, at once, and the rest of the month charged for.
    let preview = merchant.post("/preview-change", json!({ "plan": "growth" })).await.expect(200);
    let due = preview.int("/due_now_minor");
    assert!(due > 0 && due < 7900 - 1900 + 1, "{}", preview.text);
    assert_eq!(preview.str("/when"), "now");
    let changed = merchant.post("/change-plan", json!({ "plan": "growth" })).await.expect(200);
    assert_eq!(changed.str("/plan"), "growth");
    books.settle().await;
    let mut mails = merchant.mails().await;
    mails.sort();
    assert_eq!(mails, ["invoice_paid", "plan_changed"]);
    let invoices = merchant.ask(Method::GET, "/invoices", None).await.expect(200);
    let invoices = invoices.body["data"].as_array().unwrap().clone();
    assert_eq!(invoices.len(), 3);
    assert_eq!(invoices[0]["total_minor"], due, "what was foreseen is what was charged: {}", invoices[0]);
    for invoice in &invoices {
        assert_eq!(invoice["status"], "paid");
        assert!(invoice["hosted_url"].is_string() && invoice["pdf_url"].is_string(), "{invoice}");
    }

    // The card fails.
    merchant.pay_by("pm_card_chargeCustomerFail").await;
    books.pass(32).await;
    assert_eq!(merchant.stands().await, stands("past_due", "growth", Some("notice")));
    assert_eq!(merchant.mails().await[0], "behind:mail");
    let billing = merchant.billing().await;
    let since = Merchant::time(&billing, "/dunning/since");
    assert_eq!(billing.int("/payment_problem/invoice/remaining_minor"), 7900);
    assert_eq!(billing.str("/next/what"), "dunning_step");
    assert_eq!(billing.body["can"], json!(["pay", "cancel"]));
    merchant.post("/change-plan", json!({ "plan": "scale" })).await.problem(409, "billing.payment_due");

    // Down the ladder, day by day.
    let mut now = 0;
    for (day, stage, mail) in [
        (3, "banner", "behind:banner"),
        (7, "products_frozen", "behind:freeze_products"),
        (10, "read_only", "behind:read_only"),
        (14, "checkout_paused", "behind:pause_checkout"),
    ] {
        books.pass(day - 1 - now).await;
        now = day - 1;
        let before: Vec<String> = merchant.mails().await;
        assert!(!before.contains(&mail.to_owned()), "day {now}: {before:?}");
        books.pass_by(since + Duration::days(day) - books.platform.clock.now() + Duration::minutes(5)).await;
        now = day;
        let (_, _, stands) = merchant.stands().await;
        assert_eq!(stands.as_deref(), Some(stage), "day {day}");
        let mails: Vec<String> = merchant.mails().await;
        assert_eq!(mails.iter().filter(|one| *one == mail).count(), 1, "day {day}: {mails:?}");
    }

    // Paid on the invoice's own page with a good card: all of it is undone at once.
    merchant.pay_by("pm_card_visa").await;
    let url = merchant.billing().await.str("/payment_problem/invoice/hosted_url");
    merchant.pay(&url, "pm_card_visa").await;
    assert_eq!(merchant.stands().await, stands("active", "growth", None));
    let mails: Vec<String> = merchant.mails().await;
    assert!(mails.contains(&"recovered".to_owned()) && mails.contains(&"invoice_paid".to_owned()), "{mails:?}");

    // A smaller plan, with the next month; thought better of, and wished again.
    let changed = merchant.post("/change-plan", json!({ "plan": "starter" })).await.expect(200);
    assert_eq!((changed.str("/plan"), changed.str("/pending_change/plan")), ("growth".into(), "starter".into()));
    assert_eq!(changed.str("/next/what"), "plan_changes");
    assert_eq!(merchant.mails().await, ["plan_will_change"]);
    let called_off = merchant.post("/change-plan", json!({ "plan": "growth" })).await.expect(200);
    assert_eq!(called_off.body["pending_change"], Value::Null);
    assert_eq!(merchant.mails().await, ["plan_stays"]);
    let changed = merchant.post("/change-plan", json!({ "plan": "starter" })).await.expect(200);
    let at = Merchant::time(&changed, "/pending_change/at");
    books.settle().await;
    assert_eq!(merchant.stands().await, stands("active", "growth", None));
    books.pass_by(at - books.platform.clock.now() + Duration::hours(2)).await;
    assert_eq!(merchant.stands().await, stands("active", "starter", None));
    let mails = merchant.mails().await;
    assert!(mails.contains(&"plan_changed".to_owned()), "{mails:?}");
    let invoices = merchant.ask(Method::GET, "/invoices", None).await.expect(200);
    assert_eq!(invoices.int("/data/0/total_minor"), 1900, "{}", invoices.text);

    // Ended with the month, thought better of, and ended after all.
    let ending = merchant.post("/cancel", json!({})).await.expect(200);
    assert_eq!(ending.str("/next/what"), "ends");
    merchant.post("/cancel", json!({})).await.problem(409, "billing.already_ending");
    let on = merchant.post("/resume", json!({})).await.expect(200);
    assert_eq!(on.body["cancel_at"], Value::Null);
    merchant.post("/resume", json!({})).await.problem(409, "billing.not_ending");
    let ending = merchant.post("/cancel", json!({})).await.expect(200);
    books.settle().await;
    let mails: Vec<String> = merchant.mails().await.into_iter().filter(|mail| mail != "invoice_paid").collect();
    assert_eq!(mails, ["will_end", "resumed", "will_end"]);
    books.pass_by(Merchant::time(&ending, "/cancel_at") - books.platform.clock.now() + Duration::hours(2)).await;
    assert_eq!(merchant.stands().await, stands("canceled", "starter", None));
    assert_eq!(merchant.mails().await, ["ended"]);
    merchant.store.get("/api/v1/store").await.problem(403, "tenant.suspended");
    merchant.post("/cancel", json!({})).await.problem(409, "billing.no_subscription");

    // And back again.
    merchant.subscribe("growth").await;
    assert_eq!(merchant.stands().await, stands("active", "growth", None));
}
