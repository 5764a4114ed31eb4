//! async-stripe's typed crates read every object in every state, and their requests are understood.

use std::collections::HashMap;

use stripe::{Client, ClientBuilder};
use stripe_billing::billing_meter::{
    CreateBillingMeter, CreateBillingMeterDefaultAggregation, CreateBillingMeterDefaultAggregationFormula,
};
use stripe_billing::billing_meter_event::CreateBillingMeterEvent;
use stripe_billing::billing_meter_event_summary::ListIdBillingMeterEventSummary;
use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_billing::invoice::{
    CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails, CreatePreviewInvoiceSubscriptionDetailsItems,
    ListInvoice, PayInvoice, RetrieveInvoice,
};
use stripe_billing::invoice_item::ListInvoiceItem;
use stripe_billing::subscription::{
    CancelSubscription, CreateSubscription, CreateSubscriptionItems, ListSubscription, RetrieveSubscription,
    UpdateSubscription, UpdateSubscriptionItems, UpdateSubscriptionProrationBehavior,
};
use stripe_billing::test_helpers_test_clock::{
    AdvanceTestHelpersTestClock, CreateTestHelpersTestClock, RetrieveTestHelpersTestClock,
};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    ExpireCheckoutSession, RetrieveCheckoutSession,
};
use stripe_connect::account::{CreateAccount, CreateAccountType, RetrieveAccount};
use stripe_connect::account_link::{CreateAccountLink, CreateAccountLinkType};
use stripe_product::price::{CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, ListPrice};
use stripe_product::product::{CreateProduct, ListProduct};
use stripe_shared::{
    CheckoutSessionMode, CheckoutSessionStatus, InvoiceStatus, SubscriptionStatus, TestHelpersTestClockStatus,
};
use stripe_types::Currency;

use super::{DAY, START, Shop};
use crate::harness::KEY;

fn client(shop: &Shop) -> Client {
    ClientBuilder::new(KEY).url(format!("{}/", shop.rig.url(""))).build().unwrap()
}

#[tokio::test]
async fn the_catalogue_is_typed() {
    let shop = Shop::start().await;
    let client = client(&shop);
    let product = CreateProduct::new("Growth")
        .description("For the many")
        .metadata(HashMap::from([("plan".to_owned(), "growth".to_owned())]))
        .send(&client)
        .await
        .unwrap();
    let price = CreatePrice::new(Currency::EUR)
        .product(product.id.to_string())
        .unit_amount(2500)
        .lookup_key("growth")
        .recurring(CreatePriceRecurring::new(CreatePriceRecurringInterval::Month))
        .send(&client)
        .await
        .unwrap();
    assert_eq!((price.unit_amount, price.recurring.unwrap().interval_count), (Some(2500), 1));
    assert_eq!(ListProduct::new().send(&client).await.unwrap().data.len(), 3);
    let found = ListPrice::new().lookup_keys(vec!["growth".to_owned()]).send(&client).await.unwrap();
    assert_eq!(found.data[0].id, price.id);
}

#[tokio::test]
async fn a_subscription_is_typed_from_beginning_to_end() {
    let shop = Shop::start().await;
    let client = client(&shop);
    let clock = CreateTestHelpersTestClock::new(START).send(&client).await.unwrap();
    let customer = shop.customer(Some(clock.id.as_str()), "pm_card_visa").await;
    let mut first = CreateSubscriptionItems::new();
    first.price = Some(shop.basic.clone());
    let made = CreateSubscription::new()
        .customer(customer.clone())
        .items(vec![first])
        .trial_period_days(14_u32)
        .expand(vec!["latest_invoice".to_owned()])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(made.status, SubscriptionStatus::Trialing);
    assert!(made.latest_invoice.as_ref().unwrap().is_object());
    AdvanceTestHelpersTestClock::new(clock.id.clone(), START + 20 * DAY).send(&client).await.unwrap();
    while RetrieveTestHelpersTestClock::new(clock.id.clone()).send(&client).await.unwrap().status
        != TestHelpersTestClockStatus::Ready
    {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let active = RetrieveSubscription::new(made.id.clone()).send(&client).await.unwrap();
    assert_eq!(active.status, SubscriptionStatus::Active);
    let item = active.items.data[0].id.to_string();

    let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
    let mut wanted = CreatePreviewInvoiceSubscriptionDetailsItems::new();
    wanted.id = Some(item.clone());
    wanted.price = Some(shop.pro.clone());
    details.items = Some(vec![wanted]);
    let preview = CreatePreviewInvoice::new()
        .subscription(made.id.to_string())
        .subscription_details(details)
        .send(&client)
        .await
        .unwrap();
    assert_eq!(preview.lines.data.len(), 3);

    let mut change = UpdateSubscriptionItems::new();
    change.id = Some(item);
    change.price = Some(shop.pro.clone());
    let changed = UpdateSubscription::new(made.id.clone())
        .items(vec![change])
        .proration_behavior(UpdateSubscriptionProrationBehavior::CreateProrations)
        .send(&client)
        .await
        .unwrap();
    assert_eq!(changed.items.data[0].price.id.to_string(), shop.pro);
    assert_eq!(ListInvoiceItem::new().customer(customer.clone()).send(&client).await.unwrap().data.len(), 2);

    let invoices = ListInvoice::new().subscription(made.id.to_string()).send(&client).await.unwrap().data;
    assert_eq!(
        invoices.iter().map(|invoice| invoice.status.clone().unwrap()).collect::<Vec<_>>(),
        [InvoiceStatus::Paid, InvoiceStatus::Paid]
    );
    let full = RetrieveInvoice::new(invoices[0].id.clone().unwrap())
        .expand(vec!["payments".to_owned()])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(full.payments.unwrap().data[0].amount_paid, Some(1000));
    assert!(PayInvoice::new(invoices[0].id.clone().unwrap()).send(&client).await.is_err());

    let gone = CancelSubscription::new(made.id.clone()).send(&client).await.unwrap();
    assert_eq!(gone.status, SubscriptionStatus::Canceled);
    assert_eq!(ListSubscription::new().customer(customer).send(&client).await.unwrap().data.len(), 0);
}

#[tokio::test]
async fn checkout_is_typed() {
    let shop = Shop::start().await;
    let client = client(&shop);
    let mut item = CreateCheckoutSessionLineItems::new();
    item.price = Some(shop.basic.clone());
    item.quantity = Some(1);
    let mut data = CreateCheckoutSessionSubscriptionData::new();
    data.trial_period_days = Some(14);
    let ask = || {
        CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .line_items(vec![item.clone()])
            .subscription_data(data.clone())
            .success_url("http://souk.example/done")
            .cancel_url("http://souk.example/back")
            .client_reference_id("tenant-7")
    };
    let made = ask().send(&client).await.unwrap();
    assert_eq!(made.status, Some(CheckoutSessionStatus::Open));
    let page = made.url.unwrap();
    shop.rig.http.post(page).body("email=a@b.example&card=pm_card_visa").send().await.unwrap();
    let done = RetrieveCheckoutSession::new(made.id)
        .expand(vec!["subscription".to_owned(), "customer".to_owned(), "line_items".to_owned()])
        .send(&client)
        .await
        .unwrap();
    assert_eq!(done.status, Some(CheckoutSessionStatus::Complete));
    assert!(done.subscription.unwrap().is_object() && done.customer.unwrap().is_object());
    assert_eq!(done.line_items.unwrap().data.len(), 1);
    let other = ask().send(&client).await.unwrap();
    let expired = ExpireCheckoutSession::new(other.id).send(&client).await.unwrap();
    assert_eq!(expired.status, Some(CheckoutSessionStatus::Expired));
}

#[tokio::test]
async fn portal_meters_and_accounts_are_typed() {
    let shop = Shop::start().await;
    let client = client(&shop);
    let customer = shop.customer(None, "pm_card_visa").await;
    let portal = CreateBillingPortalSession::new()
        .customer(customer.clone())
        .return_url("http://souk.example/")
        .send(&client)
        .await
        .unwrap();
    assert_eq!(portal.customer, customer);

    let formula = CreateBillingMeterDefaultAggregation::new(CreateBillingMeterDefaultAggregationFormula::Sum);
    let meter = CreateBillingMeter::new(formula, "Orders", "orders").send(&client).await.unwrap();
    let payload =
        HashMap::from([("stripe_customer_id".to_owned(), customer.clone()), ("value".to_owned(), "7".to_owned())]);
    let event = CreateBillingMeterEvent::new("orders", payload).identifier("once").send(&client).await.unwrap();
    assert_eq!(event.identifier, "once");
    let start = event.timestamp / 60 * 60;
    let sums = ListIdBillingMeterEventSummary::new(meter.id, customer, start + 120, start).send(&client).await.unwrap();
    assert!((sums.data[0].aggregated_value - 7.0).abs() < f64::EPSILON);

    let account = CreateAccount::new().type_(CreateAccountType::Express).country("DE").send(&client).await.unwrap();
    let link = CreateAccountLink::new(account.id.to_string(), CreateAccountLinkType::AccountOnboarding)
        .refresh_url("http://souk.example/again")
        .return_url("http://souk.example/back")
        .send(&client)
        .await
        .unwrap();
    assert!(link.url.contains("/connect/onboard/"));
    shop.control(&format!("/sandbox/accounts/{}/complete", account.id), serde_json::json!({})).await;
    let ready = RetrieveAccount::new(account.id).send(&client).await.unwrap();
    assert_eq!((ready.charges_enabled, ready.payouts_enabled), (Some(true), Some(true)));
}
