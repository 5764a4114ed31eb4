//! Write a refund down, its amount promised, before anybody gives anything back.

use std::time::Duration;

use kernel::db::TenantTx;
use kernel::metrics;
use serde_json::{Value, json};

use super::model::{Locked, NewRefund};
use super::{RefundError, RefundId, Status, Step, db};
use crate::events::Event;
use crate::jobs::{self, Due, Kind, NewJob};
use crate::payments::{self, Provider, Refundable};
use crate::shop::Shop;

/// The key by which the provider knows a refund: the same for every try.
pub(super) fn provider_key(shop: &Shop, id: RefundId) -> String {
    format!("souk-{}-refund-{}", shop.id, id)
}

/// Writes a refund and promises its amount. The payment is locked, and so much is left of it.
pub(super) async fn record(
    tx: &mut TenantTx,
    shop: &Shop,
    payment: &mut Refundable,
    new: &NewRefund,
) -> Result<(RefundId, Vec<Event>), RefundError> {
    if new.amount_minor > payment.rest_minor() {
        return Err(RefundError::ExceedsRest { rest_minor: payment.rest_minor(), errors: Vec::new() });
    }
    payments::promise_refund(tx, payment, new.amount_minor).await?;
    let id = RefundId::new();
    let actor = json!(shop.origin.actor);
    let locked = Locked {
        id,
        order_id: new.order_id,
        payment_id: payment.id,
        retry_of: new.retry_of,
        status: if new.approved { Status::Approved } else { Status::Requested },
        amount_minor: new.amount_minor,
        shipping_minor: new.shipping_minor,
        currency: payment.currency.clone(),
        reason: new.reason.clone(),
        requested_by: actor,
        provider_key: provider_key(shop, id),
        provider_ref: None,
        failure_code: None,
        stale: false,
        restocked: false,
        version: if new.approved { 2 } else { 1 },
    };
    db::insert(tx, &locked).await?;
    db::insert_lines(tx, id, &new.lines).await?;
    let mut told = vec![told(&locked, 1, "refund.requested", json!({ "lines": new.lines }))];
    if new.approved {
        told.push(self::told(&locked, 2, Step::Approve.event(), json!({})));
        process_soon(tx, shop, payment.provider, id).await?;
    }
    metrics::refund_requested();
    tracing::info!(
        event = "refund.requested", tenant = %shop.slug, request_id = shop.origin.request_id, refund_id = %id,
        order_id = %new.order_id, amount_minor = new.amount_minor, approved = new.approved, "refund requested"
    );
    Ok((id, told))
}

/// Has the provider asked. What was paid in cash is given back by hand.
pub(super) async fn process_soon(
    tx: &mut TenantTx,
    shop: &Shop,
    provider: Provider,
    id: RefundId,
) -> Result<(), RefundError> {
    if provider != Provider::Stripe {
        return Ok(());
    }
    let request_id = shop.origin.request_id.clone();
    let job = NewJob { kind: Kind::ProcessRefund, subject: id.0, due: Due::In(Duration::ZERO), request_id };
    Ok(jobs::enqueue(tx, shop, &[job]).await?)
}

/// An event of a refund: what every reader needs, and `more`.
pub(super) fn told(refund: &Locked, version: i64, event_type: &'static str, more: Value) -> Event {
    let mut data = json!({
        "order_id": refund.order_id, "payment_id": refund.payment_id, "retry_of": refund.retry_of,
        "amount_minor": refund.amount_minor, "shipping_minor": refund.shipping_minor, "currency": refund.currency,
        "reason": refund.reason, "requested_by": refund.requested_by, "provider_ref": refund.provider_ref,
        "failure_code": refund.failure_code,
    });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    Event { aggregate_type: "refund", aggregate_id: refund.id.0, version, event_type, data, origin: None }
}
