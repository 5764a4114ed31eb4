//! Ask for money that is authorised, and let go of what nobody waits for.

use std::time::Duration;

use kernel::db::TenantTx;
use serde_json::json;

use super::hold::{Held, hold_order};
use super::settle::settle;
use super::{CheckoutError, faults};
use crate::activity::{self, Act};
use crate::jobs::{self, Due, Kind, NewJob};
use crate::orders::{OrderId, Review};
use crate::payments::{self, PaymentError, PaymentId, Status as Money};
use crate::settings;
use crate::shop::Shop;

/// A job goes on where a request died.
const AGAIN: Duration = Duration::from_secs(30);

/// Captures the authorised money of an order. The wish is written down first, so that a job finishes what a crash or a
/// silent provider interrupts. Captured before: nothing happens.
pub async fn capture(shop: &Shop, order: OrderId) -> Result<(), CheckoutError> {
    let wished = kernel::db::retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let held = hold_order(&mut tx, order).await?;
        match held.payment.status {
            Money::Authorized if held.order.review == Some(Review::Pending) => return Err(CheckoutError::UnderReview),
            Money::Authorized => {}
            Money::Succeeded => return Ok(None),
            Money::Created
            | Money::Processing
            | Money::RequiresAction
            | Money::Unknown
            | Money::Failed
            | Money::Cancelled => return Err(PaymentError::NotAuthorized.into()),
        }
        request(&mut tx, shop, held.payment.id, AGAIN).await?;
        note(&mut tx, shop, &held, "payment.captured").await?;
        tx.commit().await?;
        Ok(Some(held.payment.id))
    })
    .await?;
    let Some(payment) = wished else { return Ok(()) };
    let asked = payments::capture(shop, payment).await?;
    settle(shop, payment, asked).await?;
    match status(shop, payment).await? {
        Money::Succeeded => Ok(()),
        Money::Authorized => Err(PaymentError::CaptureRefused.into()),
        Money::Created
        | Money::Processing
        | Money::RequiresAction
        | Money::Unknown
        | Money::Failed
        | Money::Cancelled => Err(PaymentError::NotAuthorized.into()),
    }
}

/// Has the authorised money of an order that was approved captured by itself, in a store that takes its money at once.
/// Not authorised yet: it is captured once it is.
pub async fn capture_when_approved(tx: &mut TenantTx, shop: &Shop, order: OrderId) -> Result<(), CheckoutError> {
    let payment = payments::of_order(tx, order).await?;
    let Some(payment) = payment.filter(|payment| payment.status == Money::Authorized.name()) else { return Ok(()) };
    if settings::read(tx).await?.capture == settings::Capture::Automatic {
        request(tx, shop, payment.id, Duration::ZERO).await?;
    }
    Ok(())
}

/// Writes the wish down, and has a job fulfil it.
pub(super) async fn request(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: PaymentId,
    delay: Duration,
) -> Result<(), CheckoutError> {
    payments::request_capture(tx, payment).await?;
    let request_id = shop.origin.request_id.clone();
    let job = NewJob { kind: Kind::CapturePayment, subject: payment.0, due: Due::In(delay), request_id };
    jobs::enqueue(tx, shop, &[job]).await?;
    Ok(())
}

/// Captures what was wished for. Returns how long to wait before trying again; `None` once it is decided.
pub async fn capture_wished(shop: &Shop, payment: PaymentId, attempts: i32) -> Result<Option<Duration>, CheckoutError> {
    if status(shop, payment).await? != Money::Authorized {
        return Ok(None);
    }
    match payments::capture(shop, payment).await {
        Ok(asked) => {
            settle(shop, payment, asked).await?;
        }
        Err(PaymentError::Provider(error)) => {
            tracing::warn!(tenant = %shop.slug, payment_id = %payment, %error, "the provider does not say whether it captured");
            faults::retried(shop, payment).await?;
        }
        Err(error) => return Err(error.into()),
    }
    let left = status(shop, payment).await? == Money::Authorized;
    Ok(left.then(|| Duration::from_secs(5 << attempts.clamp(0, 3))))
}

/// Calls off at the provider what has ended here, and sends back what bought nothing. Returns how long to wait before
/// trying again; `None` once it is done.
pub async fn clear(shop: &Shop, id: PaymentId, attempts: i32) -> Result<Option<Duration>, CheckoutError> {
    let again = || Some(Duration::from_secs(5 << attempts.clamp(0, 3)));
    let mut tx = shop.db.begin().await?;
    let payment = payments::read(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    let wanted = payment.status.open() && payment.void_reason.is_none();
    if wanted || (payment.status == Money::Succeeded && !payment.surplus) || payment.provider_ref.is_none() {
        return Ok(None);
    }
    let result = if payment.status == Money::Succeeded {
        payments::give_back(shop, id).await
    } else {
        match payments::cancel(shop, id).await {
            Ok(asked) => {
                let over = match &asked {
                    payments::Asked::Refused { .. } => true,
                    payments::Asked::Report(report) => match report.status {
                        payments::Reported::Succeeded | payments::Reported::Cancelled => true,
                        payments::Reported::WaitsForShopper
                        | payments::Reported::Processing
                        | payments::Reported::Authorized => false,
                    },
                };
                if over {
                    settle(shop, id, asked).await?;
                }
                Ok(over)
            }
            Err(error) => Err(error),
        }
    };
    match result {
        Ok(true) => Ok(None),
        Ok(false) => Ok(again()),
        Err(PaymentError::Provider(error)) => {
            tracing::warn!(tenant = %shop.slug, payment_id = %id, %error, "the provider does not say whether it called a payment off");
            faults::retried(shop, id).await?;
            Ok(again())
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what staff did.
pub(super) async fn note(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &Held,
    action: &'static str,
) -> Result<(), CheckoutError> {
    let payment = &held.payment;
    let act = Act {
        action,
        entity_type: "order",
        entity_id: held.order.id.0,
        before: Some(json!({ "payment_id": payment.id, "status": payment.status.name() })),
        after: Some(
            json!({ "payment_id": payment.id, "amount_minor": payment.amount_minor, "currency": payment.currency }),
        ),
    };
    activity::note(tx, shop, &act).await?;
    Ok(())
}

async fn status(shop: &Shop, id: PaymentId) -> Result<Money, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let payment = payments::read(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok(payment.status)
}
