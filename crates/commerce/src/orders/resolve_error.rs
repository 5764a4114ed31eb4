//! Say that a fault of an order is seen to.

use serde_json::json;

use super::db::{self, OrderErrorEntry};
use super::{OrderError, happened, lock};
use crate::activity::{self, Act};
use crate::events;
use crate::shop::Shop;

/// Resolves a fault. One that is resolved already stays as it was resolved.
pub(super) async fn resolve_error(shop: &Shop, id: i64, resolution: &str) -> Result<OrderErrorEntry, OrderError> {
    kernel::db::retrying(|| attempt(shop, id, resolution)).await
}

async fn attempt(shop: &Shop, id: i64, resolution: &str) -> Result<OrderErrorEntry, OrderError> {
    let mut tx = shop.db.begin().await?;
    let order = db::order_of_fault(&mut tx, id).await?.ok_or(OrderError::NoSuchFault)?;
    let mut order = lock(&mut tx, order).await?;
    if db::resolve_fault(&mut tx, id, order.id, &json!(shop.origin.actor), resolution).await? {
        let data = json!({ "number": order.number, "error_id": id, "resolution": resolution });
        let event = happened(&mut tx, &mut order, "order.error_resolved", data.clone()).await?;
        events::tell(&mut tx, shop, &[event]).await?;
        let act = Act {
            action: "order.error_resolved",
            entity_type: "order",
            entity_id: order.id.0,
            before: None,
            after: Some(data),
        };
        activity::note(&mut tx, shop, &act).await?;
    }
    let fault = db::fault(&mut tx, id).await?.ok_or(OrderError::NoSuchFault)?;
    tx.commit().await?;
    Ok(fault)
}
