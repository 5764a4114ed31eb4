//! Write down what a person said of an order that waits for it.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, OrderError, OrderId, Review, UnderReview, db};
use crate::activity::{self, Act};
use crate::events::Event;
use crate::shop::Shop;

/// Since when an order waits for a person's word; `None` when it does not wait.
pub async fn under_review(tx: &mut TenantTx, id: OrderId) -> Result<Option<UnderReview>, OrderError> {
    db::under_review(tx, id).await
}

/// Notes that staff is reminded of a locked order that waits. False: it was before.
pub async fn note_reminder(tx: &mut TenantTx, order: &Locked) -> Result<bool, OrderError> {
    db::set_reminded(tx, order.id).await
}

/// Writes down that a locked order, which waits for it, is approved or rejected. Returns the event to tell; what
/// follows from it is the caller's.
pub async fn reviewed(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    word: Review,
    reason: Option<&str>,
) -> Result<Event, OrderError> {
    let (action, name) = match word {
        Review::Approved => ("order.approved", "approved"),
        Review::Rejected | Review::Pending => ("order.rejected", "rejected"),
    };
    db::set_review(tx, order, word, &json!(shop.origin.actor)).await?;
    order.review = Some(word);
    let act = Act {
        action,
        entity_type: "order",
        entity_id: order.id.0,
        before: Some(json!({ "review": "pending" })),
        after: Some(json!({ "review": name, "reason": reason })),
    };
    activity::note(tx, shop, &act).await?;
    Ok(order.next_event(action, json!({ "number": order.number, "reason": reason })))
}
