//! Take out what leaves the store room for an order.

use std::collections::BTreeMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::write::{Change, entries, write};
use super::{Take, db};
use crate::catalog::VariantId;
use crate::events::Event;
use crate::shop::Shop;

/// Takes out so much of what is committed to an order, which the caller has locked and seen to claim that much. Returns
/// the events to tell.
pub async fn ship(
    tx: &mut TenantTx,
    shop: &Shop,
    order_id: Uuid,
    quantities: &[(VariantId, i32)],
) -> sqlx::Result<Vec<Event>> {
    if quantities.is_empty() {
        return Ok(Vec::new());
    }
    // Two lines may be of the same variant.
    let mut sums = BTreeMap::<VariantId, i32>::new();
    for (variant_id, quantity) in quantities {
        *sums.entry(*variant_id).or_default() += quantity;
    }
    let takes: Vec<Take> =
        sums.into_iter().map(|(variant_id, quantity)| Take { order_id, variant_id, quantity }).collect();
    if db::ship_reservations(tx, &takes).await?.len() != takes.len() {
        return Err(sqlx::Error::RowNotFound);
    }
    let variants: Vec<_> = takes.iter().map(|take| take.variant_id).collect();
    db::lock_levels(tx, &variants).await?;
    let change = Change {
        event_type: "stock.shipped",
        reason: "shipped",
        reference_type: "order",
        entries: entries(&takes, -1, -1),
    };
    write(tx, shop, &change).await
}
