//! What of a payment can still be given back: promised to refunds, given back, and taken back by the provider.

use kernel::db::{TenantTx, on_constraint};
use serde_json::json;

use super::{PaymentError, PaymentId, Provider};
use crate::events::Event;
use crate::orders::OrderId;

/// A payment that brought money, held by this transaction.
#[derive(Debug, Clone)]
pub struct Refundable {
    /// Its id.
    pub id: PaymentId,
    /// The order that it pays.
    pub order_id: OrderId,
    /// Who moves the money.
    pub provider: Provider,
    /// What came in.
    pub captured_minor: i64,
    /// What went back.
    pub refunded_minor: i64,
    /// What is promised to refunds that are not decided yet.
    pub refund_pending_minor: i64,
    /// Three capital letters.
    pub currency: String,
    /// The connected account that got it.
    pub account: Option<String>,
    /// The provider's own id.
    pub provider_ref: Option<String>,
    /// Version of its last event.
    pub version: i64,
}

impl Refundable {
    /// What is neither given back nor promised.
    pub fn rest_minor(&self) -> i64 {
        self.captured_minor - self.refunded_minor - self.refund_pending_minor
    }
}

/// Locks the payment that brought an order's money; `None` when there is none.
pub async fn lock_refundable(tx: &mut TenantTx, order: OrderId) -> Result<Option<Refundable>, PaymentError> {
    let payment = sqlx::query_as!(
        Refundable,
        r#"select id as "id: PaymentId", order_id as "order_id: OrderId", provider as "provider: Provider",
                  captured_minor, refunded_minor, refund_pending_minor, currency, account, provider_ref, version
           from payments where order_id = $1 and captured_minor > 0 and not surplus order by attempt desc limit 1 for update"#,
        order.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

/// Locks a payment that brought money.
pub async fn lock_refundable_payment(tx: &mut TenantTx, id: PaymentId) -> Result<Option<Refundable>, PaymentError> {
    let payment = sqlx::query_as!(
        Refundable,
        r#"select id as "id: PaymentId", order_id as "order_id: OrderId", provider as "provider: Provider",
                  captured_minor, refunded_minor, refund_pending_minor, currency, account, provider_ref, version
           from payments where id = $1 and captured_minor > 0 and not surplus for update"#,
        id.0,
    );
    Ok(payment.fetch_optional(tx.conn()).await?)
}

/// Promises so much to a refund. The database refuses more than is left.
pub async fn promise_refund(
    tx: &mut TenantTx,
    payment: &mut Refundable,
    amount_minor: i64,
) -> Result<(), PaymentError> {
    change(tx, payment, 0, amount_minor, payment.version).await
}

/// Takes the promise back: the refund came to nothing.
pub async fn forget_refund(tx: &mut TenantTx, payment: &mut Refundable, amount_minor: i64) -> Result<(), PaymentError> {
    change(tx, payment, 0, -amount_minor, payment.version).await
}

/// What was promised has gone back. Returns the event to tell.
pub async fn gave_back(tx: &mut TenantTx, payment: &mut Refundable, amount_minor: i64) -> Result<Event, PaymentError> {
    change(tx, payment, amount_minor, -amount_minor, payment.version + 1).await?;
    Ok(told(payment, "payment.refunded", amount_minor))
}

/// What had gone back came again: the provider could not deliver it. Returns the event to tell.
pub async fn came_again(tx: &mut TenantTx, payment: &mut Refundable, amount_minor: i64) -> Result<Event, PaymentError> {
    change(tx, payment, -amount_minor, 0, payment.version + 1).await?;
    Ok(told(payment, "payment.refund_reversed", amount_minor))
}

async fn change(
    tx: &mut TenantTx,
    payment: &mut Refundable,
    refunded: i64,
    pending: i64,
    version: i64,
) -> Result<(), PaymentError> {
    let done = sqlx::query!(
        "update payments
         set refunded_minor = refunded_minor + $2, refund_pending_minor = refund_pending_minor + $3, version = $4,
             updated_at = now()
         where id = $1",
        payment.id.0,
        refunded,
        pending,
        version,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("payments_refunds_hold", PaymentError::RefundsExceed))?;
    if done.rows_affected() != 1 {
        return Err(PaymentError::Changed);
    }
    payment.refunded_minor += refunded;
    payment.refund_pending_minor += pending;
    payment.version = version;
    Ok(())
}

fn told(payment: &Refundable, event_type: &'static str, amount_minor: i64) -> Event {
    Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: payment.version,
        event_type,
        data: json!({
            "order_id": payment.order_id, "amount_minor": amount_minor, "refunded_minor": payment.refunded_minor,
            "captured_minor": payment.captured_minor, "currency": payment.currency,
        }),
        origin: None,
    }
}
