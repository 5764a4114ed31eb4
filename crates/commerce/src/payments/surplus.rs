//! What bought nothing goes back by itself: money after the end, a second payment of one order, an intent too many.
//!
//! Such money never was the order's, so its return is no refund of the order: it is written down on the payment, as
//! pending, before the provider is asked, and a job repeats the asking until the provider has decided.

use std::time::Duration;

use kernel::db::TenantTx;
use serde_json::json;
use stripe_gateway::{CreateRefund, GatewayError, Refund, RefundReason, RefundStatus};

use super::apply::{moved, set};
use super::{Locked, PaymentError, PaymentId, Report, Reported, Status, db};
use crate::events::{self, Event};
use crate::jobs::{self, Due, Kind, NewJob};
use crate::orders::{self, FaultCategory, FaultSeverity, OrderFault, OrderId};
use crate::shop::Shop;

/// A refund of the provider's with this name in its metadata is one of these.
const NAME: &str = "souk_surplus";

/// Sends the money of a locked payment back.
pub async fn return_surplus(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    report: &Report,
    flag: &'static str,
) -> Result<Vec<Event>, PaymentError> {
    tracing::warn!(
        event = "payment.surplus", tenant = %shop.slug, order_id = %payment.order_id, payment_id = %payment.id, flag,
        received_minor = report.received_minor, "money that bought nothing goes back"
    );
    db::set_surplus(tx, payment, flag).await?;
    payment.surplus = true;
    payment.flag = Some(flag.to_owned());
    let mut told = vec![set(tx, shop, payment, Status::Succeeded, report).await?];
    db::promise_return(tx, payment).await?;
    told.push(moved(payment, "payment.surplus", report));
    call_off_later(tx, shop, payment.id, Duration::ZERO).await?;
    Ok(told)
}

/// Writes down an intent that we did not know beside one that we did, and has it cancelled or its money returned.
/// Nothing the second time.
pub async fn stray(
    tx: &mut TenantTx,
    shop: &Shop,
    beside: &Locked,
    report: &Report,
) -> Result<Vec<Event>, PaymentError> {
    let id = PaymentId::new();
    if !db::insert_stray(tx, id, beside, report).await? {
        return Ok(Vec::new());
    }
    tracing::error!(
        event = "payment.flagged", tenant = %shop.slug, payment_id = %id, flag = "another_intent",
        expected_minor = beside.amount_minor, reported_minor = report.amount_minor,
        "the provider holds an intent too many; it is called off"
    );
    let mut told = vec![Event {
        aggregate_type: "payment",
        aggregate_id: id.0,
        version: 1,
        event_type: "payment.stray",
        data: json!({
            "order_id": beside.order_id, "beside": beside.id, "provider_ref": report.provider_ref,
            "amount_minor": report.amount_minor, "currency": report.currency,
        }),
        origin: None,
    }];
    match report.status {
        Reported::Succeeded => {
            let mut payment = db::lock(tx, id).await?.ok_or(PaymentError::NotFound)?;
            told.extend(return_surplus(tx, shop, &mut payment, report, "another_intent").await?);
        }
        Reported::WaitsForShopper | Reported::Processing | Reported::Authorized => {
            call_off_later(tx, shop, id, Duration::ZERO).await?;
        }
        Reported::Cancelled => {}
    }
    Ok(told)
}

/// A payment that has ended here lives at the provider: have it end there.
pub(super) async fn call_back(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Locked,
    report: &Report,
) -> Result<(), PaymentError> {
    if payment.provider_ref.is_none() {
        db::set_ref(tx, payment, &report.provider_ref).await?;
        payment.provider_ref = Some(report.provider_ref.clone());
    }
    call_off_later(tx, shop, payment.id, Duration::ZERO).await
}

/// Has the provider asked to call a payment off, or its surplus returned, as often as it takes.
pub async fn call_off_later(
    tx: &mut TenantTx,
    shop: &Shop,
    id: PaymentId,
    delay: Duration,
) -> Result<(), PaymentError> {
    let request_id = shop.origin.request_id.clone();
    let job = NewJob { kind: Kind::CallOffPayment, subject: id.0, due: Due::In(delay), request_id };
    Ok(jobs::enqueue(tx, shop, &[job]).await?)
}

/// Sends surplus money back. True when that is done, or can not be done and a person has to look.
pub async fn give_back(shop: &Shop, id: PaymentId) -> Result<bool, PaymentError> {
    let mut tx = shop.db.begin().await?;
    let payment = db::read(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    let owed = payment.surplus && db::owes(&mut tx, id).await?;
    tx.commit().await?;
    let Some(intent) = payment.provider_ref.clone().filter(|_| owed) else { return Ok(true) };
    let account = payment.account.as_deref();
    let answer = match &payment.reference {
        Some(refund) => shop.stripe.refund(refund, account).await,
        None => {
            let request = CreateRefund {
                // All of it: the provider refuses a second one, so another key after an undecided answer is safe.
                idempotency_key: format!("{}-return-{}", id.0.simple(), payment.asks),
                intent,
                amount_minor: None,
                reason: Some(RefundReason::Duplicate),
                account: payment.account.clone(),
                metadata: vec![
                    ("souk_tenant".into(), shop.id.to_string()),
                    ("souk_order".into(), payment.order_id.to_string()),
                    (NAME.into(), id.to_string()),
                ],
            };
            shop.stripe.create_refund(request).await
        }
    };
    match answer {
        Ok(refund) => apply_return(shop, id, &refund).await,
        Err(GatewayError::Rejected { code, .. }) if code == "charge_already_refunded" => {
            returned(shop, id, None).await?;
            Ok(true)
        }
        Err(GatewayError::Rejected { code, .. } | GatewayError::Declined { code, .. }) => {
            not_returned(shop, id, &code).await?;
            Ok(true)
        }
        Err(error @ GatewayError::Unknown { .. }) => {
            super::ask::note_unknown(shop, id).await?;
            Err(error.into())
        }
        Err(error @ GatewayError::Unavailable { .. }) => Err(error.into()),
    }
}

/// Takes in what the provider says of a refund, if it returns a surplus: because we asked for it, or because somebody
/// made it over there. False: it does not.
pub async fn apply_return_report(shop: &Shop, refund: &Refund) -> Result<bool, PaymentError> {
    let named = refund.metadata.get(NAME).and_then(|id| id.parse().ok());
    let mut tx = shop.db.begin().await?;
    let placed = match (&refund.intent, named) {
        (_, Some(id)) => Some(id),
        (Some(intent), None) => db::place(&mut tx, intent).await?.map(|(id, _, _)| id),
        (None, None) => None,
    };
    let payment = match placed {
        Some(id) => db::read(&mut tx, id).await?.filter(|payment| payment.surplus),
        None => None,
    };
    tx.commit().await?;
    let Some(payment) = payment else { return Ok(false) };
    // What somebody returned in part is followed by the rest, which we ask for.
    if named.is_some() || refund.amount_minor == payment.captured_minor {
        apply_return(shop, payment.id, refund).await?;
    }
    Ok(true)
}

async fn apply_return(shop: &Shop, id: PaymentId, refund: &Refund) -> Result<bool, PaymentError> {
    match refund.status {
        RefundStatus::Succeeded => {
            returned(shop, id, Some(&refund.id)).await?;
            Ok(true)
        }
        RefundStatus::Failed | RefundStatus::Canceled => {
            not_returned(shop, id, refund.failure_reason.as_deref().unwrap_or("failed")).await?;
            Ok(true)
        }
        RefundStatus::Pending | RefundStatus::RequiresAction => {
            let mut tx = shop.db.begin().await?;
            db::set_reference(&mut tx, id, &refund.id).await?;
            tx.commit().await?;
            Ok(false)
        }
    }
}

async fn returned(shop: &Shop, id: PaymentId, reference: Option<&str>) -> Result<(), PaymentError> {
    ended(shop, id, "payment.returned", reference, None).await
}

async fn not_returned(shop: &Shop, id: PaymentId, reason: &str) -> Result<(), PaymentError> {
    tracing::error!(
        event = "refund.failed", tenant = %shop.slug, payment_id = %id, reason,
        "money that bought nothing could not be sent back; a person must see to it"
    );
    ended(shop, id, "payment.not_returned", None, Some(reason)).await
}

async fn ended(
    shop: &Shop,
    id: PaymentId,
    event_type: &'static str,
    reference: Option<&str>,
    reason: Option<&str>,
) -> Result<(), PaymentError> {
    let mut tx = shop.db.begin().await?;
    // The order comes before the payment; written again only while it is owed.
    if let Some(reason) = reason
        && db::owes(&mut tx, id).await?
    {
        let payment = db::read(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
        let fault = OrderFault {
            category: FaultCategory::Payment,
            severity: FaultSeverity::Critical,
            code: "payment.not_returned",
            message: "Money that bought nothing could not be sent back; a person must see to it.",
            data: json!({ "payment_id": id, "reason": reason }),
        };
        orders::note_error(&mut tx, shop, OrderId(payment.order_id), &fault).await?;
    }
    let payment = db::lock(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    let changed = match reason {
        None => db::set_returned(&mut tx, id, reference).await?,
        Some(_) => db::set_not_returned(&mut tx, id).await?,
    };
    if changed {
        let event = Event {
            aggregate_type: "payment",
            aggregate_id: id.0,
            version: payment.version + 1,
            event_type,
            data: json!({
                "order_id": payment.order_id, "amount_minor": payment.captured_minor, "currency": payment.currency,
                "reference": reference, "reason": reason,
            }),
            origin: None,
        };
        events::tell(&mut tx, shop, &[event]).await?;
    }
    tx.commit().await?;
    Ok(())
}
