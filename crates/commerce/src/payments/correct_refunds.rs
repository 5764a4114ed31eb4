//! Correct how much of a payment went back, and how much of it is promised.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, PaymentError, db};
use crate::events::Event;

/// Writes down what the refunds of a locked payment sum up to, and tells it when that is news.
pub async fn correct_refunds(
    tx: &mut TenantTx,
    payment: &mut Locked,
    refunded_minor: i64,
    promised_minor: i64,
) -> Result<Vec<Event>, PaymentError> {
    if !db::set_refunds(tx, payment, refunded_minor, promised_minor).await? {
        return Ok(Vec::new());
    }
    payment.version += 1;
    Ok(vec![Event {
        aggregate_type: "payment",
        aggregate_id: payment.id.0,
        version: payment.version,
        event_type: "payment.refunds_corrected",
        data: json!({
            "order_id": payment.order_id, "refunded_minor": refunded_minor, "promised_minor": promised_minor,
        }),
        origin: None,
    }])
}
