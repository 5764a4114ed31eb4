//! The checkout page, as a person and as a test uses it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{DAY, START, Shop, id};

async fn session(shop: &Shop, more: &[(&str, &str)]) -> Value {
    let mut form = vec![
        ("mode", "subscription"),
        ("line_items[0][price]", shop.basic.as_str()),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://souk.example/done?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "http://souk.example/back"),
        ("client_reference_id", "tenant-7"),
        ("subscription_data[metadata][tenant]", "7"),
    ];
    form.extend_from_slice(more);
    shop.made("/v1/checkout/sessions", &form).await
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[tokio::test]
async fn a_person_subscribes_in_a_browser() {
    let shop = Shop::start().await;
    let made = session(&shop, &[]).await;
    let url = made["url"].as_str().unwrap();
    let browser = browser();
    let page = browser.get(url).header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Basic") && page.contains("10.00 EUR / month") && page.contains("http://souk.example/back"));

    let send = |form: &'static str| browser.post(url).header("accept", "text/html").body(form).send();
    let declined = send("email=a@b.example&card=pm_card_visa_chargeDeclined").await.unwrap();
    assert_eq!(declined.status(), StatusCode::OK);
    assert!(declined.text().await.unwrap().contains("Your card was declined."));
    let asked = send("email=a@b.example&card=4000002500003155").await.unwrap().text().await.unwrap();
    assert!(asked.contains("Your bank wants to know"));
    assert_eq!(shop.get("/v1/subscriptions").await["data"].as_array().unwrap().len(), 0);

    let done = send("email=a@b.example&card=4000002500003155&authentication=complete").await.unwrap();
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let back = format!("http://souk.example/done?session={}", id(&made));
    assert_eq!(done.headers()["location"], back.as_str());

    let complete = shop.get(&format!("/v1/checkout/sessions/{}?expand[]=subscription", id(&made))).await;
    assert_eq!((complete["status"].as_str(), complete["payment_status"].as_str()), (Some("complete"), Some("paid")));
    assert_eq!((complete["url"].is_null(), complete["client_reference_id"].as_str()), (true, Some("tenant-7")));
    assert_eq!(complete["subscription"]["status"], "active");
    assert_eq!(complete["subscription"]["metadata"]["tenant"], "7");
    assert_eq!(shop.events().await.last().unwrap(), "checkout.session.completed");
    let twice = send("email=a@b.example&card=pm_card_visa").await.unwrap();
    assert_eq!(twice.headers()["location"], back.as_str(), "it is over, and leads on");
    assert_eq!(shop.get("/v1/subscriptions").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_test_completes_it_in_one_request() {
    let shop = Shop::start().await;
    let customer = shop.made("/v1/customers", &[("email", "a@b.example")]).await;
    let made = session(&shop, &[("customer", id(&customer)), ("subscription_data[trial_period_days]", "14")]).await;
    assert_eq!(made["amount_total"], 0);
    let path = format!("/sandbox/checkout_sessions/{}/complete", id(&made));
    let done = shop.control(&path, json!({ "card": "pm_card_visa" })).await;
    assert_eq!(
        (done["status"].as_str(), done["payment_status"].as_str()),
        (Some("complete"), Some("no_payment_required"))
    );
    let subscription = shop.subscription(done["subscription"].as_str().unwrap()).await;
    assert_eq!((subscription["status"].as_str(), &subscription["customer"]), (Some("trialing"), &customer["id"]));
    assert!(subscription["default_payment_method"].is_string());
}

#[tokio::test]
async fn a_session_lives_a_day() {
    let shop = Shop::start().await;
    let clock = shop.clock(START).await;
    let customer = shop.made("/v1/customers", &[("test_clock", &clock)]).await;
    let made = session(&shop, &[("customer", id(&customer))]).await;
    assert_eq!(made["expires_at"].as_i64(), Some(START + DAY));
    shop.advance(&clock, START + DAY).await;
    let path = format!("/v1/checkout/sessions/{}", id(&made));
    assert_eq!(shop.get(&path).await["status"], "expired");
    assert!(shop.events().await.contains(&"checkout.session.expired".to_owned()));
    assert_eq!(shop.rig.post(&format!("{path}/expire"), &[]).await.0, 400);
    let other = session(&shop, &[]).await;
    let ended = shop.made(&format!("/v1/checkout/sessions/{}/expire", id(&other)), &[]).await;
    assert_eq!((ended["status"].as_str(), ended["url"].is_null()), (Some("expired"), true));
    let listed = shop.get("/v1/checkout/sessions?status=expired").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn one_can_also_pay_once_or_save_a_card() {
    let shop = Shop::start().await;
    let product = shop.made("/v1/products", &[("name", "Setup fee")]).await;
    let price =
        shop.made("/v1/prices", &[("product", id(&product)), ("currency", "eur"), ("unit_amount", "250")]).await;
    let form = [
        ("mode", "payment"),
        ("line_items[0][price]", id(&price)),
        ("line_items[0][quantity]", "2"),
        ("success_url", "http://souk.example/"),
        ("payment_intent_data[metadata][a]", "b"),
    ];
    let made = shop.made("/v1/checkout/sessions", &form).await;
    let answer = shop.rig.http.post(made["url"].as_str().unwrap()).body("email=a@b.example&card=4242424242424242");
    let paid: Value = answer.send().await.unwrap().json().await.unwrap();
    let intent = shop.get(&format!("/v1/payment_intents/{}", paid["payment_intent"].as_str().unwrap())).await;
    assert_eq!((intent["amount_received"].as_i64(), intent["metadata"]["a"].as_str()), (Some(500), Some("b")));

    let customer = shop.made("/v1/customers", &[]).await;
    let form =
        [("mode", "setup"), ("currency", "eur"), ("customer", id(&customer)), ("success_url", "http://souk.example/")];
    let made = shop.made("/v1/checkout/sessions", &form).await;
    let path = format!("/sandbox/checkout_sessions/{}/complete", id(&made));
    let saved = shop.control(&path, json!({ "card": "pm_card_chargeCustomerFail" })).await;
    let setup = shop.get(&format!("/v1/setup_intents/{}", saved["setup_intent"].as_str().unwrap())).await;
    assert_eq!(setup["status"], "succeeded");
    let cards = shop.get(&format!("/v1/customers/{}/payment_methods", id(&customer))).await;
    assert_eq!(cards["data"][0]["id"], setup["payment_method"]);
}

#[tokio::test]
async fn an_invoice_has_a_page_and_a_pdf() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_chargeCustomerFail").await;
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    let invoice = shop.invoices(id(&subscription)).await.pop().unwrap();
    let page = invoice["hosted_invoice_url"].as_str().unwrap();
    let shown = shop.rig.http.get(page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Pay 10.00 EUR") && shown.contains(invoice["number"].as_str().unwrap()));
    let pdf = shop.rig.http.get(invoice["invoice_pdf"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    assert!(pdf.bytes().await.unwrap().starts_with(b"%PDF-1.4"));
    let declined = shop.rig.http.post(page).body("card=pm_card_chargeCustomerFail").send().await.unwrap();
    assert_eq!(declined.status(), StatusCode::PAYMENT_REQUIRED);
    let paid: Value = shop.rig.http.post(page).body("card=pm_card_visa").send().await.unwrap().json().await.unwrap();
    assert_eq!(paid["status"], "paid");
    assert_eq!(shop.subscription(id(&subscription)).await["status"], "active");
}

#[tokio::test]
async fn billing_is_told_to_its_own_address_with_its_signature() {
    let shop = Shop::start().await;
    let customer = shop.customer(None, "pm_card_visa").await;
    // Two products, two prices, and the customer with a card.
    let before = shop.heard.wait(7).await.len();
    let subscription = shop.subscribe(&customer, &shop.basic, &[]).await;
    let expected = [
        "invoice.created",
        "customer.subscription.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ];
    let got = shop.heard.wait(before + expected.len()).await;
    let events: Vec<_> = got[before..].iter().map(|delivery| delivery.event()).collect();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(events.last().unwrap().object["id"], subscription["id"]);
}
