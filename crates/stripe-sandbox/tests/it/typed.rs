//! async-stripe's typed client accepts every answer, in every state, before and after a restart.

use std::collections::HashMap;

use stripe::{Client, ClientBuilder, StripeError};
use stripe_core::customer::{CreateCustomer, DeleteCustomer, ListCustomer, RetrieveCustomer, RetrieveCustomerReturned};
use stripe_core::payment_intent::{
    CancelPaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent, ListPaymentIntent, RetrievePaymentIntent,
    SearchPaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_shared::{PaymentIntent, PaymentIntentStatus};
use stripe_types::Currency;

use crate::harness::{KEY, PUBLISHABLE, Rig};

fn client(rig: &Rig) -> Client {
    ClientBuilder::new(KEY).url(format!("{}/", rig.url(""))).build().unwrap()
}

async fn confirmed(client: &Client, method: &str) -> Result<PaymentIntent, StripeError> {
    let made = CreatePaymentIntent::new(500, Currency::EUR)
        .metadata(HashMap::from([("order".to_owned(), "7".to_owned())]))
        .send(client)
        .await?;
    ConfirmPaymentIntent::new(made.id).payment_method(method).return_url("http://shop.example/").send(client).await
}

#[tokio::test]
async fn customers_are_typed() {
    let rig = Rig::start().await;
    let client = client(&rig);
    let made = CreateCustomer::new().email("a@example.com").name("Ä & B").send(&client).await.unwrap();
    assert_eq!(ListCustomer::new().send(&client).await.unwrap().data[0].id, made.id);
    let read = RetrieveCustomer::new(made.id.clone()).send(&client).await.unwrap();
    assert!(matches!(read, RetrieveCustomerReturned::Customer(customer) if customer.name.as_deref() == Some("Ä & B")));
    DeleteCustomer::new(made.id.clone()).send(&client).await.unwrap();
    let gone = RetrieveCustomer::new(made.id).send(&client).await.unwrap();
    assert!(matches!(gone, RetrieveCustomerReturned::DeletedCustomer(_)));
}

#[tokio::test]
async fn intents_are_typed_in_every_state() {
    let mut rig = Rig::start().await;
    let before = client(&rig);
    let waiting = confirmed(&before, "pm_card_threeDSecure2Required").await.unwrap();
    assert_eq!(
        waiting.next_action.unwrap().redirect_to_url.unwrap().return_url.as_deref(),
        Some("http://shop.example/")
    );
    let paid = confirmed(&before, "pm_card_visa").await.unwrap();
    confirmed(&before, "pm_sandbox_processing").await.unwrap();
    let open = CreatePaymentIntent::new(500, Currency::EUR).send(&before).await.unwrap();
    CancelPaymentIntent::new(open.id).send(&before).await.unwrap();
    CreateRefund::new().payment_intent(paid.id.to_string()).amount(100).send(&before).await.unwrap();

    rig.restart().await;
    let after = client(&rig);
    let statuses: Vec<_> = ListPaymentIntent::new()
        .send(&after)
        .await
        .unwrap()
        .data
        .iter()
        .map(|intent| intent.status.to_string())
        .collect();
    assert!(matches!(statuses[1].as_str(), "processing" | "succeeded"));
    assert_eq!(
        (statuses[0].as_str(), &statuses[2..]),
        ("canceled", &["succeeded".to_owned(), "requires_action".to_owned()][..])
    );
    let found = SearchPaymentIntent::new("metadata['order']:'7'").send(&after).await.unwrap();
    assert_eq!(found.data.len(), 3);
    let read = RetrievePaymentIntent::new(paid.id.clone()).send(&after).await.unwrap();
    assert_eq!(read.latest_charge.unwrap().id(), paid.latest_charge.unwrap().id());
    assert_eq!(ListRefund::new().payment_intent(paid.id.to_string()).send(&after).await.unwrap().data[0].amount, 100);
}

#[tokio::test]
async fn declines_are_typed() {
    let rig = Rig::start().await;
    let client = client(&rig);
    for (method, code) in [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ] {
        let Err(StripeError::Stripe(error, 402)) = confirmed(&client, method).await else { panic!("{method}") };
        assert_eq!(error.decline_code.as_deref(), Some(code));
        let intent = error.payment_intent.unwrap();
        assert_eq!(intent.status, PaymentIntentStatus::RequiresPaymentMethod);
        let read = RetrievePaymentIntent::new(intent.id).send(&client).await.unwrap();
        assert_eq!(read.last_payment_error.unwrap().decline_code.as_deref(), Some(code));
    }
}

#[tokio::test]
async fn a_browser_confirms_with_the_client_secret_alone() {
    let rig = Rig::start().await;
    let (_, made) =
        rig.post("/v1/payment_intents", &[("amount", "500"), ("currency", "eur"), ("metadata[a]", "b")]).await;
    let url = rig.url(&format!("/v1/payment_intents/{}/confirm", made["id"].as_str().unwrap()));
    let form = |secret: &str| {
        format!(
            "key={PUBLISHABLE}&client_secret={secret}&payment_method_data[type]=card\
             &payment_method_data[card][number]=4242+4242+4242+4242&payment_method_data[card][exp_month]=12\
             &payment_method_data[card][exp_year]=40&payment_method_data[card][cvc]=123"
        )
    };
    let send = |secret: &str| rig.http.post(&url).body(form(secret)).send();
    assert_eq!(send("pi_guess_secret_x").await.unwrap().status(), 400);
    let paid: serde_json::Value = send(made["client_secret"].as_str().unwrap()).await.unwrap().json().await.unwrap();
    assert_eq!(paid["status"], "succeeded");
    assert!(paid.get("metadata").is_none(), "not the shopper's business");
    let list = rig.http.get(rig.url("/v1/payment_intents")).bearer_auth(PUBLISHABLE).send().await.unwrap();
    assert_eq!(list.status(), 403);
    let wrong = rig.http.get(rig.url("/v1/payment_intents")).bearer_auth("sk_test_wrong").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
}

#[tokio::test]
async fn the_front_page_shows_keys_and_cards() {
    let rig = Rig::start().await;
    let page = rig.http.get(rig.url("/")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(PUBLISHABLE) && page.contains("4000000000000002"));
}
