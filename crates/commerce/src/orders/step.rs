//! Move a locked order on.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, OrderError, Step, db};
use crate::events::Event;
use crate::shop::Shop;

/// Takes a step: stage, history, and the event to tell.
pub async fn step(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    step: Step,
    reason: Option<&str>,
) -> Result<Event, OrderError> {
    let to = order.allows(step)?;
    db::set_stage(tx, order, to, reason).await?;
    let actor = json!(shop.origin.actor);
    db::insert_history(tx, order.id, order.stage, to, reason, &actor, &shop.origin.request_id).await?;
    let data = json!({
        "number": order.number, "from": order.stage.name(), "reason": reason,
        "total_minor": order.total_minor, "currency": order.currency,
    });
    order.stage = to;
    Ok(order.next_event(step.event(), data))
}
