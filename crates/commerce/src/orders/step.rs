//! Move a locked order on.

use kernel::db::TenantTx;
use serde_json::json;
use uuid::Uuid;

use super::{OrderError, OrderId, Stage, Step, db};
use crate::events::Event;
use crate::shop::Shop;

/// An order that this transaction holds.
#[derive(Debug, Clone)]
pub struct Locked {
    /// Which.
    pub id: OrderId,
    /// Its number.
    pub number: i64,
    /// The cart it was made of.
    pub cart: Uuid,
    /// How far it has got.
    pub stage: Stage,
    /// Version of its last event.
    pub version: i64,
    /// What is to be paid.
    pub total_minor: i64,
    /// Three capital letters.
    pub currency: String,
}

/// Locks an order until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: OrderId) -> Result<Locked, OrderError> {
    db::lock(tx, id).await?.ok_or(OrderError::NotFound)
}

/// Takes a step: stage, history, and the event to tell.
pub async fn step(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    step: Step,
    reason: Option<&str>,
) -> Result<Event, OrderError> {
    let to = order.stage.after(step)?;
    db::set_stage(tx, order, to, reason).await?;
    let actor = json!(shop.origin.actor);
    db::insert_history(tx, order.id, order.stage, to, reason, &actor, &shop.origin.request_id).await?;
    let event = Event {
        aggregate_type: "order",
        aggregate_id: order.id.0,
        version: order.version + 1,
        event_type: step.event(),
        data: json!({
            "number": order.number, "from": order.stage.name(), "reason": reason,
            "total_minor": order.total_minor, "currency": order.currency,
        }),
        origin: None,
    };
    order.stage = to;
    order.version += 1;
    Ok(event)
}
