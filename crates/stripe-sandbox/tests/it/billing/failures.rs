//! Cards that fail: retries, their end, and recovery.

use serde_json::json;

use super::{DAY, START, Shop, adds_up, id};

/// A subscription whose card fails at the first renewal.
async fn failing(shop: &Shop) -> (String, String, String) {
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    shop.give_card(&customer, "pm_card_chargeCustomerFail").await;
    shop.advance(&clock, START + 31 * DAY + 2 * 3600).await;
    (clock, customer, id(&subscription).to_owned())
}

#[tokio::test]
async fn a_failed_renewal_is_tried_again_and_then_given_up() {
    for (after, status) in [("unpaid", "unpaid"), ("canceled", "canceled"), ("past_due", "past_due")] {
        let shop = Shop::start().await;
        shop.control("/sandbox/billing/settings", json!({ "after_retries": after })).await;
        let (clock, _, subscription) = failing(&shop).await;
        assert_eq!(shop.subscription(&subscription).await["status"], "past_due");
        let renewal = START + 31 * DAY;
        let first = renewal + 3600;
        let open = shop.invoices(&subscription).await.pop().unwrap();
        assert_eq!((open["status"].as_str(), open["attempt_count"].as_i64()), (Some("open"), Some(1)));
        assert_eq!(open["next_payment_attempt"].as_i64(), Some(first + 3 * DAY));
        for (days, attempts) in [(3, 2), (8, 3)] {
            shop.advance(&clock, first + days * DAY).await;
            let open = shop.invoices(&subscription).await.pop().unwrap();
            assert_eq!(open["attempt_count"].as_i64(), Some(attempts), "day {days}");
            assert_eq!(shop.subscription(&subscription).await["status"], "past_due", "day {days}");
        }
        shop.advance(&clock, first + 15 * DAY).await;
        let open = shop.invoices(&subscription).await.pop().unwrap();
        assert_eq!((open["attempt_count"].as_i64(), open["next_payment_attempt"].is_null()), (Some(4), true));
        assert_eq!(shop.subscription(&subscription).await["status"], status);
        adds_up(&open);
        let failed = shop.events().await.iter().filter(|kind| *kind == "invoice.payment_failed").count();
        assert_eq!(failed, 4);
    }
}

#[tokio::test]
async fn a_new_card_pays_what_is_owed() {
    let shop = Shop::start().await;
    let (_, customer, subscription) = failing(&shop).await;
    assert_eq!(shop.get(&format!("/v1/customers/{customer}")).await["delinquent"], true);
    let open = shop.invoices(&subscription).await.pop().unwrap();
    let path = format!("/v1/invoices/{}/pay", id(&open));
    let (status, body) = shop.rig.post(&path, &[]).await;
    assert_eq!((status.as_u16(), body["error"]["code"].as_str()), (402, Some("card_declined")));
    let again = shop.get(&format!("/v1/invoices/{}", id(&open))).await;
    assert_eq!(again["attempt_count"], 1, "a person's attempts do not count against the schedule");
    shop.give_card(&customer, "pm_card_visa").await;
    assert_eq!(shop.made(&path, &[]).await["status"], "paid");
    assert_eq!(shop.subscription(&subscription).await["status"], "active");
    assert_eq!(shop.get(&format!("/v1/customers/{customer}")).await["delinquent"], false);
    assert_eq!(shop.rig.post(&path, &[]).await.0, 400, "it is paid already");
}

#[tokio::test]
async fn an_automatic_retry_recovers_by_itself() {
    let shop = Shop::start().await;
    let (clock, customer, subscription) = failing(&shop).await;
    shop.give_card(&customer, "pm_card_visa").await;
    shop.advance(&clock, START + 35 * DAY).await;
    assert_eq!(shop.subscription(&subscription).await["status"], "active");
    assert_eq!(shop.invoices(&subscription).await.pop().unwrap()["attempt_count"], 2);
}

#[tokio::test]
async fn an_unpaid_subscription_makes_drafts_and_comes_back_when_paid() {
    let shop = Shop::start().await;
    let (clock, customer, subscription) = failing(&shop).await;
    shop.advance(&clock, START + 48 * DAY).await;
    assert_eq!(shop.subscription(&subscription).await["status"], "unpaid");
    shop.advance(&clock, START + 62 * DAY).await;
    let invoices = shop.invoices(&subscription).await;
    assert_eq!(
        invoices.iter().map(|invoice| invoice["status"].as_str().unwrap()).collect::<Vec<_>>(),
        ["paid", "open", "draft"]
    );
    shop.give_card(&customer, "pm_card_visa").await;
    shop.made(&format!("/v1/invoices/{}/pay", id(&invoices[1])), &[]).await;
    assert_eq!(shop.subscription(&subscription).await["status"], "active");
}

#[tokio::test]
async fn a_first_payment_that_fails_leaves_it_incomplete_for_a_day() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_chargeCustomerFail").await;
    let refused = [
        ("customer", customer.as_str()),
        ("items[0][price]", &shop.basic),
        ("payment_behavior", "error_if_incomplete"),
    ];
    let (status, body) = shop.rig.post("/v1/subscriptions", &refused).await;
    assert_eq!((status.as_u16(), body["error"]["type"].as_str()), (402, Some("card_error")));
    assert_eq!(shop.get("/v1/subscriptions?status=all").await["data"].as_array().unwrap().len(), 0);
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    assert_eq!(subscription["status"], "incomplete");
    shop.advance(&clock, START + DAY).await;
    assert_eq!(shop.subscription(id(&subscription)).await["status"], "incomplete_expired");
    assert_eq!(shop.invoices(id(&subscription)).await[0]["status"], "void");
}

#[tokio::test]
async fn the_bank_may_ask_on_a_renewal() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.customer(Some(&clock), "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    shop.give_card(&customer, "pm_card_authenticationRequired").await;
    shop.advance(&clock, START + 32 * DAY).await;
    assert_eq!(shop.subscription(id(&subscription)).await["status"], "past_due");
    assert!(shop.events().await.contains(&"invoice.payment_action_required".to_owned()));
    let open = shop.invoices(id(&subscription)).await.pop().unwrap();
    let path = format!("/v1/invoices/{}?expand[]=payments.data.payment.payment_intent", id(&open));
    let intent = shop.get(&path).await["payments"]["data"][0]["payment"]["payment_intent"].clone();
    assert_eq!(intent["status"], "requires_action");
    let page = shop.rig.url(&format!("/sandbox/authenticate/{}", id(&intent)));
    shop.rig.http.post(page).body("outcome=complete").send().await.unwrap();
    assert_eq!(shop.subscription(id(&subscription)).await["status"], "active");
}

#[tokio::test]
async fn the_first_payment_can_be_confirmed_with_its_client_secret() {
    let shop = Shop::start().await;
    let customer = shop.made("/v1/customers", &[("email", "a@b.example")]).await;
    let more = [
        ("payment_behavior", "default_incomplete"),
        ("payment_settings[save_default_payment_method]", "on_subscription"),
        ("expand[]", "latest_invoice.confirmation_secret"),
    ];
    let subscription = shop.subscribe(id(&customer), &shop.basic, &more).await;
    assert_eq!(subscription["status"], "incomplete");
    let secret = subscription["latest_invoice"]["confirmation_secret"]["client_secret"].as_str().unwrap();
    let intent = secret.split("_secret_").next().unwrap();
    shop.made(&format!("/v1/payment_intents/{intent}/confirm"), &[("payment_method", "pm_card_visa")]).await;
    let now = shop.subscription(id(&subscription)).await;
    assert_eq!(now["status"], "active");
    assert!(now["default_payment_method"].is_string());
}

#[tokio::test]
async fn invoices_are_voided_and_written_off() {
    let shop = Shop::start().await;
    for (verb, status, event) in
        [("void", "void", "invoice.voided"), ("mark_uncollectible", "uncollectible", "invoice.marked_uncollectible")]
    {
        let (_, _, subscription) = failing(&shop).await;
        let open = shop.invoices(&subscription).await.pop().unwrap();
        let closed = shop.made(&format!("/v1/invoices/{}/{verb}", id(&open)), &[]).await;
        assert_eq!(closed["status"], status);
        assert!(shop.events().await.contains(&event.to_owned()));
        assert_eq!(shop.subscription(&subscription).await["status"], "active", "{verb}");
    }
}
