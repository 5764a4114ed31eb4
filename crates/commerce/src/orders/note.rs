//! Note something about an order, for the rest of the staff.

use serde_json::json;

use super::db::{self, OrderNote};
use super::{OrderError, OrderId};
use crate::activity::{self, Act};
use crate::shop::Shop;

/// Adds a note. It changes nothing of the order, so it is no event, and a held order takes it too.
pub(super) async fn note(shop: &Shop, id: OrderId, text: &str) -> Result<OrderNote, OrderError> {
    let mut tx = shop.db.begin().await?;
    if !db::exists(&mut tx, id).await? {
        return Err(OrderError::NotFound);
    }
    let note = db::insert_note(&mut tx, id, &json!(shop.origin.actor), text).await?;
    let act = Act {
        action: "order.noted",
        entity_type: "order",
        entity_id: id.0,
        before: None,
        after: Some(json!({ "note_id": note.id, "text": text })),
    };
    activity::note(&mut tx, shop, &act).await?;
    tx.commit().await?;
    Ok(note)
}
