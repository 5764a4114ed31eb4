//! Move a locked order on.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, OrderError, OrderId, Step, db};
use crate::events::Event;
use crate::shop::Shop;

/// Takes a step. Returns the event to tell, which is also the order's history.
pub async fn step(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    step: Step,
    reason: Option<&str>,
) -> Result<Event, OrderError> {
    let to = order.allows(step)?;
    db::set_stage(tx, order, to, reason).await?;
    let data = json!({
        "number": order.number, "from": order.stage.name(), "to": to.name(), "reason": reason,
        "total_minor": order.total_minor, "currency": order.currency,
    });
    order.stage = to;
    Ok(Event { origin: Some(shop.origin.clone()), ..order.next_event(step.event(), data) })
}

/// The order is to be paid in another way.
pub async fn set_payment_method(tx: &mut TenantTx, id: OrderId, method: &str) -> Result<(), OrderError> {
    db::set_payment_method(tx, id, method).await
}
