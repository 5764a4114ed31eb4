//! Changing plans: prorations to the second, credit that carries over, and what a preview promises.

use serde_json::Value;

use super::{DAY, START, Shop, adds_up, id};

const JANUARY: i64 = 31 * DAY;

async fn halfway(shop: &Shop, price: &str) -> (String, Value) {
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, price, &[]).await;
    shop.advance(&clock, START + JANUARY / 2).await;
    (clock, subscription)
}

fn item(subscription: &Value) -> &str {
    id(&subscription["items"]["data"][0])
}

#[tokio::test]
async fn an_upgrade_is_invoiced_at_once_and_as_previewed() {
    let shop = Shop::start().await;
    let (_, subscription) = halfway(&shop, &shop.basic).await;
    let of = id(&subscription);
    let preview = [
        ("subscription", of),
        ("subscription_details[items][0][id]", item(&subscription)),
        ("subscription_details[items][0][price]", &shop.pro),
        ("subscription_details[proration_behavior]", "always_invoice"),
    ];
    let promised = shop.made("/v1/invoices/create_preview", &preview).await;
    adds_up(&promised);
    assert_eq!((promised["total"].as_i64(), promised["status"].as_str()), (Some(1000), Some("draft")));
    let untouched = shop.subscription(of).await;
    assert_eq!(untouched["items"], subscription["items"], "a preview changes nothing");

    let change = [
        ("items[0][id]", item(&subscription)),
        ("items[0][price]", shop.pro.as_str()),
        ("proration_behavior", "always_invoice"),
        ("expand[]", "latest_invoice"),
    ];
    let changed = shop.made(&format!("/v1/subscriptions/{of}"), &change).await;
    assert_eq!(changed["items"]["data"][0]["price"]["id"], shop.pro.as_str());
    assert_eq!(changed["items"]["data"][0]["id"], item(&subscription), "the item stays the same");
    let invoice = &changed["latest_invoice"];
    adds_up(invoice);
    let amounts = |invoice: &Value| -> Vec<i64> {
        invoice["lines"]["data"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect()
    };
    assert_eq!((amounts(invoice), amounts(&promised)), (vec![-500, 1500], vec![-500, 1500]));
    assert_eq!(
        (invoice["status"].as_str(), invoice["billing_reason"].as_str()),
        (Some("paid"), Some("subscription_update"))
    );
    let line = &invoice["lines"]["data"][0];
    assert_eq!(line["period"]["start"].as_i64(), Some(START + JANUARY / 2));
    assert_eq!(line["parent"]["subscription_item_details"]["proration"], true);
}

#[tokio::test]
async fn prorations_wait_for_the_renewal_by_default() {
    let shop = Shop::start().await;
    let (clock, subscription) = halfway(&shop, &shop.basic).await;
    let change = [("items[0][id]", item(&subscription)), ("items[0][price]", shop.pro.as_str())];
    shop.made(&format!("/v1/subscriptions/{}", id(&subscription)), &change).await;
    assert_eq!(shop.invoices(id(&subscription)).await.len(), 1);
    let next = shop.made("/v1/invoices/create_preview", &[("subscription", id(&subscription))]).await;
    assert_eq!(next["total"], 4000, "two halves and a whole month");
    let customer = subscription["customer"].as_str().unwrap();
    let same = shop.made("/v1/invoices/create_preview", &[("customer", customer)]).await;
    assert_eq!(same["total"], 4000, "the customer's subscription is meant");
    shop.advance(&clock, START + JANUARY + DAY).await;
    let renewed = shop.invoices(id(&subscription)).await.pop().unwrap();
    adds_up(&renewed);
    assert_eq!((renewed["total"].as_i64(), renewed["lines"]["data"].as_array().unwrap().len()), (Some(4000), 3));
    assert_eq!(renewed["status"], "paid");
}

#[tokio::test]
async fn no_proration_means_the_new_price_from_the_next_period() {
    let shop = Shop::start().await;
    let (clock, subscription) = halfway(&shop, &shop.basic).await;
    let change =
        [("items[0][id]", item(&subscription)), ("items[0][price]", shop.pro.as_str()), ("proration_behavior", "none")];
    shop.made(&format!("/v1/subscriptions/{}", id(&subscription)), &change).await;
    shop.advance(&clock, START + JANUARY + DAY).await;
    assert_eq!(shop.invoices(id(&subscription)).await.pop().unwrap()["total"], 3000);
}

#[tokio::test]
async fn a_downgrade_becomes_credit_that_pays_the_next_invoices() {
    let shop = Shop::start().await;
    let (clock, subscription) = halfway(&shop, &shop.pro).await;
    let of = id(&subscription);
    let change = [
        ("items[0][id]", item(&subscription)),
        ("items[0][price]", shop.basic.as_str()),
        ("proration_behavior", "always_invoice"),
    ];
    shop.made(&format!("/v1/subscriptions/{of}"), &change).await;
    let credit = shop.invoices(of).await.pop().unwrap();
    adds_up(&credit);
    assert_eq!(
        (credit["total"].as_i64(), credit["amount_due"].as_i64(), credit["status"].as_str()),
        (Some(-1000), Some(0), Some("paid"))
    );
    let customer = subscription["customer"].as_str().unwrap();
    assert_eq!(shop.get(&format!("/v1/customers/{customer}")).await["balance"], -1000);
    shop.advance(&clock, START + JANUARY + DAY).await;
    let renewed = shop.invoices(of).await.pop().unwrap();
    adds_up(&renewed);
    assert_eq!(
        (renewed["total"].as_i64(), renewed["amount_due"].as_i64(), renewed["status"].as_str()),
        (Some(1000), Some(0), Some("paid"))
    );
    assert_eq!(shop.get(&format!("/v1/customers/{customer}")).await["balance"], 0);
    let moves = shop.get(&format!("/v1/customers/{customer}/balance_transactions")).await;
    let amounts: Vec<_> =
        moves["data"].as_array().unwrap().iter().map(|entry| entry["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [1000, -1000]);
}

#[tokio::test]
async fn another_interval_starts_a_new_period_at_once() {
    let shop = Shop::start().await;
    let yearly = shop.plan("Yearly", 10_000, &[("recurring[interval]", "year")]).await;
    let (_, subscription) = halfway(&shop, &shop.basic).await;
    let change = [("items[0][id]", item(&subscription)), ("items[0][price]", yearly.as_str())];
    let changed = shop.made(&format!("/v1/subscriptions/{}", id(&subscription)), &change).await;
    let now = START + JANUARY / 2;
    assert_eq!(changed["billing_cycle_anchor"].as_i64(), Some(now));
    assert_eq!(changed["items"]["data"][0]["current_period_end"].as_i64(), Some(now + 365 * DAY));
    let invoice = shop.invoices(id(&subscription)).await.pop().unwrap();
    adds_up(&invoice);
    assert_eq!((invoice["total"].as_i64(), invoice["status"].as_str()), (Some(9_500), Some("paid")));
}

#[tokio::test]
async fn quantities_are_prorated_for_the_seconds_left() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[("items[0][quantity]", "2")]).await;
    assert_eq!(shop.invoices(id(&subscription)).await[0]["total"], 2000);
    shop.advance(&clock, START + 1).await;
    let change =
        [("items[0][id]", item(&subscription)), ("items[0][quantity]", "5"), ("proration_behavior", "always_invoice")];
    shop.made(&format!("/v1/subscriptions/{}", id(&subscription)), &change).await;
    let invoice = shop.invoices(id(&subscription)).await.pop().unwrap();
    // One second of 2,678,400: 2000 and 5000 minor units lose less than half of one.
    let amounts: Vec<_> =
        invoice["lines"]["data"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [-2000, 5000]);
    adds_up(&invoice);
}

#[tokio::test]
async fn a_trial_ends_on_demand_and_a_change_within_it_is_free() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[("trial_period_days", "14")]).await;
    let path = format!("/v1/subscriptions/{}", id(&subscription));
    shop.advance(&clock, START + DAY).await;
    let change = [("items[0][id]", item(&subscription)), ("items[0][price]", shop.pro.as_str())];
    assert_eq!(shop.made(&path, &change).await["status"], "trialing");
    assert_eq!(shop.get("/v1/invoiceitems").await["data"].as_array().unwrap().len(), 0);
    let active = shop.made(&path, &[("trial_end", "now")]).await;
    assert_eq!((active["status"].as_str(), active["trial_end"].as_i64()), (Some("active"), Some(START + DAY)));
    let invoice = shop.invoices(id(&subscription)).await.pop().unwrap();
    assert_eq!((invoice["total"].as_i64(), invoice["status"].as_str()), (Some(3000), Some("paid")));
}

#[tokio::test]
async fn it_ends_with_its_period_unless_it_is_resumed() {
    let shop = Shop::start().await;
    let (clock, subscription) = halfway(&shop, &shop.basic).await;
    let path = format!("/v1/subscriptions/{}", id(&subscription));
    let ending = shop
        .made(&path, &[("cancel_at_period_end", "true"), ("cancellation_details[feedback]", "too_expensive")])
        .await;
    assert_eq!(ending["cancel_at"].as_i64(), Some(START + JANUARY));
    assert_eq!(ending["cancellation_details"]["reason"], "cancellation_requested");
    let (status, none) = shop.rig.post("/v1/invoices/create_preview", &[("subscription", id(&subscription))]).await;
    assert_eq!((status.as_u16(), none["error"]["code"].as_str()), (404, Some("invoice_upcoming_none")));
    let on = shop.made(&path, &[("cancel_at_period_end", "false")]).await;
    assert_eq!((on["cancel_at"].is_null(), on["canceled_at"].is_null()), (true, true));
    shop.made(&path, &[("cancel_at_period_end", "true")]).await;
    shop.advance(&clock, START + JANUARY).await;
    let ended = shop.subscription(id(&subscription)).await;
    assert_eq!((ended["status"].as_str(), ended["ended_at"].as_i64()), (Some("canceled"), Some(START + JANUARY)));
    assert_eq!(shop.invoices(id(&subscription)).await.len(), 1, "nothing is charged for a period that does not come");
    assert!(shop.events().await.contains(&"customer.subscription.deleted".to_owned()));
    assert_eq!(shop.rig.post(&path, &[("cancel_at_period_end", "false")]).await.0, 400);
}

#[tokio::test]
async fn cancelling_at_once_can_give_back_what_is_unused() {
    let shop = Shop::start().await;
    let (_, subscription) = halfway(&shop, &shop.basic).await;
    let path = format!("/v1/subscriptions/{}?prorate=true&invoice_now=true", id(&subscription));
    let gone = shop.delete(&path).await;
    assert_eq!(gone["status"], "canceled");
    let credit = shop.invoices(id(&subscription)).await.pop().unwrap();
    adds_up(&credit);
    assert_eq!((credit["total"].as_i64(), credit["ending_balance"].as_i64()), (Some(-500), Some(-500)));
}

#[tokio::test]
async fn collection_pauses_without_the_subscription() {
    let shop = Shop::start().await;
    for (behavior, status) in [("keep_as_draft", "draft"), ("void", "void"), ("mark_uncollectible", "uncollectible")] {
        let (clock, subscription) = halfway(&shop, &shop.basic).await;
        let path = format!("/v1/subscriptions/{}", id(&subscription));
        let resumes = (START + JANUARY + 10 * DAY).to_string();
        let pause = [("pause_collection[behavior]", behavior), ("pause_collection[resumes_at]", &resumes)];
        assert_eq!(shop.made(&path, &pause).await["status"], "active");
        shop.advance(&clock, START + JANUARY + DAY).await;
        let invoice = shop.invoices(id(&subscription)).await.pop().unwrap();
        assert_eq!((invoice["total"].as_i64(), invoice["status"].as_str()), (Some(1000), Some(status)), "{behavior}");
        shop.advance(&clock, START + JANUARY + 11 * DAY).await;
        assert!(shop.subscription(id(&subscription)).await["pause_collection"].is_null());
    }
}
