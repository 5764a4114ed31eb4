//! The portal: what a customer changes there is what the API would have changed.

use super::{Shop, id};

#[tokio::test]
async fn a_customer_changes_card_and_plan_cancels_and_resumes() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    let form = [("customer", customer.as_str()), ("return_url", "http://souk.example/billing")];
    let session = shop.made("/v1/billing_portal/sessions", &form).await;
    let url = session["url"].as_str().unwrap();
    let page = || async { shop.rig.http.get(url).send().await.unwrap().text().await.unwrap() };
    let shown = page().await;
    assert!(shown.contains("Subscription: active") && shown.contains("Pro – 30.00 EUR / month"));
    assert!(shown.contains("http://souk.example/billing") && shown.contains("10.00 EUR"));
    let act = |form: String| async { shop.rig.http.post(url).body(form).send().await.unwrap().status().as_u16() };
    let of = id(&subscription);

    assert_eq!(act(format!("action=plan&subscription={of}&price={}", shop.pro)).await, 200);
    let now = shop.subscription(of).await;
    assert_eq!(now["items"]["data"][0]["price"]["id"], shop.pro.as_str());
    assert_eq!(act(format!("action=cancel&subscription={of}")).await, 200);
    assert_eq!(shop.subscription(of).await["cancel_at_period_end"], true);
    assert!(page().await.contains("Do not cancel"));
    assert_eq!(act(format!("action=resume&subscription={of}")).await, 200);
    assert_eq!(shop.subscription(of).await["cancel_at_period_end"], false);
    assert_eq!(act("action=card&card=pm_card_mastercard".to_owned()).await, 200);
    assert!(page().await.contains("mastercard ···· 4444"));
    assert_eq!(act("action=card&card=pm_card_visa_chargeDeclined".to_owned()).await, 402);
    assert_eq!(act("action=steal".to_owned()).await, 400);

    let stranger = shop.customer(None, "pm_card_visa").await;
    let theirs = shop.subscribe(&stranger, &shop.basic, &[]).await;
    assert_eq!(act(format!("action=cancel&subscription={}", id(&theirs))).await, 404);
    assert_eq!(shop.subscription(id(&theirs)).await["cancel_at_period_end"], false);
}

#[tokio::test]
async fn a_configuration_says_what_is_allowed() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    let form = [("features[invoice_history][enabled]", "true")];
    let configuration = shop.made("/v1/billing_portal/configurations", &form).await;
    let form = [("customer", customer.as_str()), ("configuration", id(&configuration))];
    let session = shop.made("/v1/billing_portal/sessions", &form).await;
    let body = format!("action=cancel&subscription={}", id(&subscription));
    let refused = shop.rig.http.post(session["url"].as_str().unwrap()).body(body).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
}
