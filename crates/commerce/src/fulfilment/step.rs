//! What all verbs of staff share: a step of the order, and the row that says who took it.

use kernel::db::TenantTx;
use serde_json::json;

use super::FulfilmentError;
use crate::activity::{self, Act};
use crate::events::Event;
use crate::orders::{self, Locked, Review, Stage, Step};
use crate::shop::Shop;

/// Refuses an order that waits for a person's word.
pub(super) fn reviewed(order: &Locked) -> Result<(), FulfilmentError> {
    match order.review {
        Some(Review::Pending | Review::Rejected) => Err(FulfilmentError::UnderReview),
        Some(Review::Approved) | None => Ok(()),
    }
}

/// Takes a step and notes who took it. Returns the event to tell.
pub(super) async fn take(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    step: Step,
    reason: Option<&str>,
) -> Result<Event, FulfilmentError> {
    let before = order.stage;
    let event = orders::step(tx, shop, order, step, reason).await?;
    note(tx, shop, order, step.event(), before, reason).await?;
    Ok(event)
}

/// Notes who did something with an order.
pub(super) async fn note(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &Locked,
    action: &'static str,
    before: Stage,
    reason: Option<&str>,
) -> Result<(), FulfilmentError> {
    let act = Act {
        action,
        entity_type: "order",
        entity_id: order.id.0,
        before: Some(json!({ "stage": before.name() })),
        after: Some(json!({ "stage": order.stage.name(), "reason": reason })),
    };
    Ok(activity::note(tx, shop, &act).await?)
}
