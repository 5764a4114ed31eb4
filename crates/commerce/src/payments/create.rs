//! Write down payments before anybody is asked for money.

use kernel::db::TenantTx;
use kernel::origin::Origin;
use serde_json::json;

use super::ask::{self, Known};
use super::report::Verdict;
use super::{Asked, Capture, Locked, PaymentError, PaymentId, Provider, Report, Status, db};
use crate::events::Event;
use crate::orders::OrderId;
use crate::shop::Shop;

/// A payment to be.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// Its id.
    pub id: PaymentId,
    /// The order that it pays.
    pub order: OrderId,
    /// Who moves the money.
    pub provider: Provider,
    /// The how-manieth for this order, from 1.
    pub attempt: i32,
    /// What must be paid, as fixed on the order.
    pub amount_minor: i64,
    /// Three capital letters.
    pub currency: &'static str,
    /// The connected account that gets it.
    pub account: Option<String>,
    /// When the money moves.
    pub capture: Capture,
    /// The key by which the provider will know it.
    pub provider_key: String,
    /// The request that made it.
    pub origin: Origin,
}

impl NewPayment {
    /// Cash is on its way, and so is a transfer; a card has still to be asked for.
    pub fn status(&self) -> Status {
        match self.provider {
            Provider::Stripe => Status::Created,
            Provider::Cod | Provider::Manual => Status::Processing,
        }
    }

    /// The platform's part, which only a connected account owes.
    fn fee(&self, shop: &Shop) -> Option<i64> {
        self.account.as_ref()?;
        Some(shop.platform.application_fee.of(self.amount_minor)).filter(|fee| *fee > 0)
    }

    /// The payment as it stands once it is written.
    fn written(&self, shop: &Shop) -> Locked {
        Locked {
            id: self.id,
            order_id: self.order.0,
            provider: self.provider,
            status: self.status(),
            amount_minor: self.amount_minor,
            currency: self.currency.to_owned(),
            account: self.account.clone(),
            provider_key: self.provider_key.clone(),
            provider_ref: None,
            failure_code: None,
            flag: None,
            version: 1,
            attempt: self.attempt,
            capture: self.capture,
            application_fee_minor: self.fee(shop),
            captured_minor: 0,
            refunded_minor: 0,
            void_reason: None,
            surplus: false,
            reference: None,
            asks: 0,
            stale: false,
        }
    }
}

/// Asks the provider to prepare a payment that was written a moment ago: [`super::ask`] without reading it.
pub async fn ask_first(shop: &Shop, payment: &NewPayment) -> Result<Asked, PaymentError> {
    // The order was made by the same request, so this is what its first event holds.
    let known = Known { payment: payment.written(shop), correlation: Some(payment.origin.correlation_id.clone()) };
    ask::prepared(shop, &known).await
}

/// Writes down the provider's first answer, when it is the usual one: prepared, and waits for the shopper. One
/// statement, and nothing to tell, for nothing has happened to the money. False: another answer, or not the first; then
/// it is to be settled.
pub async fn prepared(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &NewPayment,
    report: &Report,
) -> Result<bool, PaymentError> {
    let usual = Verdict::Progress(Status::RequiresAction);
    if report.failure_code.is_some() || report.verdict(&payment.written(shop), shop.platform.livemode) != usual {
        return Ok(false);
    }
    db::set_prepared(tx, payment.id, report).await
}

/// Writes payments: one statement, however many. Returns the events to tell.
pub async fn create(tx: &mut TenantTx, shop: &Shop, payments: &[NewPayment]) -> Result<Vec<Event>, PaymentError> {
    let statuses: Vec<String> = payments.iter().map(|payment| payment.status().name().to_owned()).collect();
    let fees: Vec<Option<i64>> = payments.iter().map(|payment| payment.fee(shop)).collect();
    db::insert(tx, payments, &statuses, &fees).await?;
    let events = payments.iter().zip(fees).map(|(payment, fee)| Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: 1,
        event_type: "payment.created",
        data: json!({
            "order_id": payment.order, "provider": payment.provider.name(), "amount_minor": payment.amount_minor,
            "currency": payment.currency, "attempt": payment.attempt, "capture": payment.capture.name(),
            "application_fee_minor": fee,
        }),
        origin: Some(payment.origin.clone()),
    });
    Ok(events.collect())
}

/// The key by which the provider will know an attempt: the same for every try, so that it sees one act.
pub fn provider_key(shop: &Shop, order: OrderId, attempt: i32) -> String {
    format!("souk-{}-{}-{attempt}", shop.id.0.simple(), order.0.simple())
}
