//! What is used is paid, and counted once.

use super::{DAY, START, Shop, adds_up, id};

#[tokio::test]
async fn usage_is_counted_once_and_invoiced_at_the_end_of_the_period() {
    let shop = Shop::start().await;
    let meter = [("display_name", "Orders"), ("event_name", "orders"), ("default_aggregation[formula]", "sum")];
    let meter = shop.made("/v1/billing/meters", &meter).await;
    let metered =
        [("recurring[interval]", "month"), ("recurring[usage_type]", "metered"), ("recurring[meter]", id(&meter))];
    let price = shop.plan("Orders", 5, &metered).await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[("items[1][price]", &price)]).await;
    assert!(subscription["items"]["data"][1].get("quantity").is_none());
    let report = |identifier: &'static str, value: &'static str| {
        let form = [
            ("event_name", "orders"),
            ("identifier", identifier),
            ("payload[stripe_customer_id]", customer.clone().leak() as &str),
            ("payload[value]", value),
        ];
        let shop = &shop;
        async move { shop.rig.post("/v1/billing/meter_events", &form).await }
    };
    assert_eq!(report("one", "30").await.0, 200);
    let (status, again) = report("one", "30").await;
    assert_eq!(status, 400);
    assert_eq!(again["error"]["message"], "An event already exists with identifier one.");
    shop.advance(&clock, START + 2 * DAY).await;
    assert_eq!(report("two", "12").await.0, 200);
    assert_eq!(report("three", "-1").await.0, 400);

    let window = format!("customer={customer}&start_time={}&end_time={}", START, START + 30 * DAY);
    let summary = shop.get(&format!("/v1/billing/meters/{}/event_summaries?{window}", id(&meter))).await;
    assert_eq!(summary["data"][0]["aggregated_value"], 42);
    let next = shop.made("/v1/invoices/create_preview", &[("subscription", id(&subscription))]).await;
    assert_eq!(next["total"], 1000 + 42 * 5);
    shop.advance(&clock, START + 31 * DAY).await;
    // Within the hour that the invoice stays a draft, for the period that ended.
    let late = (START + 31 * DAY - 1).to_string();
    let form = [
        ("event_name", "orders"),
        ("payload[stripe_customer_id]", customer.as_str()),
        ("payload[value]", "8"),
        ("timestamp", &late),
    ];
    shop.made("/v1/billing/meter_events", &form).await;
    shop.advance(&clock, START + 32 * DAY).await;
    let invoice = shop.invoices(id(&subscription)).await.pop().unwrap();
    adds_up(&invoice);
    assert_eq!((invoice["total"].as_i64(), invoice["status"].as_str()), (Some(1000 + 50 * 5), Some("paid")));
    let usage = &invoice["lines"]["data"][0];
    assert_eq!((usage["quantity"].as_i64(), usage["period"]["end"].as_i64()), (Some(50), Some(START + 31 * DAY)));
}
