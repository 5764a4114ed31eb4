//! Time on demand: a year of billing, in order, in a moment.

use std::time::{Duration, Instant};

use super::{DAY, START, Shop, adds_up, id};

#[tokio::test]
async fn a_year_of_billing_takes_less_than_a_second() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    assert_eq!((subscription["status"].as_str(), subscription["created"].as_i64()), (Some("active"), Some(START)));
    let started = Instant::now();
    for month in 1..=12 {
        shop.advance(&clock, START + month * 31 * DAY).await;
    }
    let took = started.elapsed();
    let invoices = shop.invoices(id(&subscription)).await;
    assert_eq!(invoices.len(), 13, "one at the start and one for each month");
    for (at, invoice) in invoices.iter().enumerate() {
        adds_up(invoice);
        assert_eq!((invoice["status"].as_str(), invoice["amount_paid"].as_i64()), (Some("paid"), Some(1000)), "{at}");
        assert!(invoice["number"].as_str().unwrap().ends_with(&format!("-{:04}", at + 1)));
    }
    assert_eq!(invoices[1]["billing_reason"], "subscription_cycle");
    assert_eq!(invoices[1]["created"].as_i64().unwrap(), START + 31 * DAY, "1 February");
    assert_eq!(
        invoices[1]["status_transitions"]["paid_at"].as_i64().unwrap(),
        START + 31 * DAY + 3600,
        "an hour later"
    );
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_trial_is_announced_ends_and_is_paid_in_order() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[("trial_period_days", "14")]).await;
    assert_eq!(subscription["status"], "trialing");
    let invoices = shop.invoices(id(&subscription)).await;
    assert_eq!(
        (invoices.len(), invoices[0]["total"].as_i64(), invoices[0]["status"].as_str()),
        (1, Some(0), Some("paid"))
    );
    let before = shop.events().await.len();
    shop.advance(&clock, START + 15 * DAY).await;
    let after = shop.events().await;
    assert_eq!(
        after[before..],
        [
            "test_helpers.test_clock.advancing",
            "invoice.upcoming",
            "customer.subscription.trial_will_end",
            "invoice.created",
            "customer.subscription.updated",
            "payment_intent.created",
            "invoice.finalized",
            "payment_intent.succeeded",
            "invoice.paid",
            "invoice.payment_succeeded",
            "test_helpers.test_clock.ready",
        ]
    );
    let events = shop.get("/v1/events?limit=100&type=customer.subscription.updated").await;
    let update = &events["data"][0];
    assert_eq!(update["data"]["previous_attributes"]["status"], "trialing");
    assert_eq!(update["data"]["object"]["status"], "active");
    assert_eq!(update["created"].as_i64(), Some(START + 14 * DAY));
    let told = shop.get("/v1/events?type=customer.subscription.trial_will_end").await;
    assert_eq!(told["data"][0]["created"].as_i64(), Some(START + 11 * DAY));
}

#[tokio::test]
async fn a_trial_without_a_card_ends_as_it_was_set() {
    let cases = [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")];
    for (behavior, status) in cases {
        let shop = Shop::start().await;
        let clock = shop.clock(START).await;
        let customer = shop.made("/v1/customers", &[("email", "a@b.example"), ("test_clock", &clock)]).await;
        let trial = [("trial_period_days", "7"), ("trial_settings[end_behavior][missing_payment_method]", behavior)];
        let subscription = shop.subscribe(id(&customer), &shop.basic, &trial).await;
        shop.advance(&clock, START + 8 * DAY).await;
        let now = shop.subscription(id(&subscription)).await;
        assert_eq!(now["status"], status, "{behavior}");
        if status == "paused" {
            assert!(shop.events().await.contains(&"customer.subscription.paused".to_owned()));
            let path = format!("/v1/subscriptions/{}/resume", id(&subscription));
            shop.give_card(id(&customer), "pm_card_visa").await;
            let resumed = shop.made(&path, &[("billing_cycle_anchor", "now")]).await;
            assert_eq!(resumed["status"], "active");
            assert_eq!(shop.events().await.last().unwrap(), "customer.subscription.resumed");
        }
    }
}

#[tokio::test]
async fn the_end_of_a_short_trial_is_announced_at_once() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    shop.subscribe(&customer, &shop.basic, &[("trial_period_days", "2")]).await;
    assert_eq!(shop.events().await.last().unwrap(), "customer.subscription.trial_will_end");
}

#[tokio::test]
async fn months_end_on_their_last_day_and_come_back() {
    let shop = Shop::start().await;
    // 31 January 2026, 12:00.
    let start = START + 30 * DAY;
    let clock = shop.clock(start).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    shop.advance(&clock, start + 28 * DAY).await;
    shop.advance(&clock, start + 59 * DAY).await;
    let item = &shop.subscription(id(&subscription)).await["items"]["data"][0];
    assert_eq!(item["current_period_start"].as_i64(), Some(start + 59 * DAY), "31 March");
    assert_eq!(item["current_period_end"].as_i64(), Some(start + 89 * DAY), "30 April");
    assert_eq!(shop.invoices(id(&subscription)).await[1]["created"].as_i64(), Some(start + 28 * DAY), "28 February");
}

#[tokio::test]
async fn a_clock_goes_forward_two_intervals_at_most() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let path = format!("/v1/test_helpers/test_clocks/{clock}/advance");
    let far = (START + 800 * DAY).to_string();
    assert_eq!(shop.rig.post(&path, &[("frozen_time", &far)]).await.0, 400, "two years without a subscription");
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    shop.subscribe(&customer, &shop.basic, &[]).await;
    for wrong in [START, START - 1, START + 70 * DAY] {
        let (status, body) = shop.rig.post(&path, &[("frozen_time", &wrong.to_string())]).await;
        assert_eq!((status.as_u16(), body["error"]["param"].as_str()), (400, Some("frozen_time")), "{wrong}");
    }
    shop.advance(&clock, START + 59 * DAY).await;
    let gone = shop.delete(&format!("/v1/test_helpers/test_clocks/{clock}")).await;
    assert_eq!(gone["deleted"], true);
    assert_eq!(shop.get(&format!("/v1/customers/{customer}")).await["deleted"], true);
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let mut shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    shop.advance(&clock, START + 32 * DAY).await;
    let before = shop.get("/sandbox/billing").await;
    shop.rig.restart().await;
    assert_eq!(shop.get("/sandbox/billing").await, before);
    shop.advance(&clock, START + 63 * DAY).await;
    assert_eq!(shop.invoices(id(&subscription)).await.len(), 3);
}

#[tokio::test]
async fn a_customer_can_be_put_on_a_clock_later() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    let clock = shop.control(&format!("/sandbox/customers/{customer}/test_clock"), serde_json::json!({})).await;
    let now = clock["frozen_time"].as_i64().unwrap();
    shop.advance(id(&clock), now + 33 * DAY).await;
    assert_eq!(shop.invoices(id(&subscription)).await.len(), 2);
}
