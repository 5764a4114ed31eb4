//! Correct how much of an order's money went back.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, Money, OrderError, db};
use crate::events::Event;

/// Writes down what the refunds sum up to, and tells it when that is news. The refunds decide; the order only repeats
/// them.
pub async fn correct_refunded(
    tx: &mut TenantTx,
    order: &mut Locked,
    refunded_minor: i64,
) -> Result<Vec<Event>, OrderError> {
    let money = match refunded_minor {
        0 => Money::None,
        back if back < order.total_minor => Money::Partial,
        _ => Money::Full,
    };
    let Some(before) = db::set_refunded(tx, order, refunded_minor, money).await? else { return Ok(Vec::new()) };
    order.version += 1;
    Ok(vec![Event {
        aggregate_type: "order",
        aggregate_id: order.id.0,
        version: order.version,
        event_type: "order.refunds_corrected",
        data: json!({ "number": order.number, "before_minor": before, "refunded_minor": refunded_minor }),
        origin: None,
    }])
}
