//! Tell what happened.

use kernel::db::TenantTx;
use kernel::origin::Origin;
use serde_json::Value;
use uuid::Uuid;

use super::db;
use crate::outbox;
use crate::shop::Shop;

/// Something that happened to one aggregate.
#[derive(Debug, Clone)]
pub struct Event {
    /// `order`, `stock`, `payment`, `checkout`, `product`.
    pub aggregate_type: &'static str,
    /// Which one.
    pub aggregate_id: Uuid,
    /// The how-manieth event of this aggregate, from 1.
    pub version: i64,
    /// Such as `order.created`.
    pub event_type: &'static str,
    /// What a reader needs to know, with all ids and amounts.
    pub data: Value,
    /// Through which request it came, when several share a transaction; `None`: the shop's.
    pub origin: Option<Origin>,
}

/// Writes events and their row of the outbox: two statements, however many events.
pub async fn tell(tx: &mut TenantTx, shop: &Shop, events: &[Event]) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let metadata: Vec<Value> =
        events.iter().map(|event| event.origin.as_ref().unwrap_or(&shop.origin)).map(Origin::metadata).collect();
    let positions = db::append(tx, events, &metadata).await?;
    outbox::post(tx, shop.id, &positions).await
}
