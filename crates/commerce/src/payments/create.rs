//! Write down payments before anybody is asked for money.

use kernel::db::TenantTx;
use kernel::origin::Origin;
use serde_json::json;

use super::{PaymentError, PaymentId, Provider, Status, db};
use crate::events::Event;
use crate::orders::OrderId;

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
    /// The key by which the provider will know it.
    pub provider_key: String,
    /// The request that made it.
    pub origin: Origin,
}

impl NewPayment {
    /// Cash is on its way; a card has still to be asked for.
    fn status(&self) -> Status {
        match self.provider {
            Provider::Stripe => Status::Created,
            Provider::Cod => Status::Processing,
        }
    }
}

/// Writes payments: one statement, however many. Returns the events to tell.
pub async fn create(tx: &mut TenantTx, payments: &[NewPayment]) -> Result<Vec<Event>, PaymentError> {
    let statuses: Vec<String> = payments.iter().map(|payment| payment.status().name().to_owned()).collect();
    db::insert(tx, payments, &statuses).await?;
    let events = payments.iter().map(|payment| Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: 1,
        event_type: "payment.created",
        data: json!({
            "order_id": payment.order, "provider": payment.provider.name(), "amount_minor": payment.amount_minor,
            "currency": payment.currency, "attempt": payment.attempt,
        }),
        origin: Some(payment.origin.clone()),
    });
    Ok(events.collect())
}
