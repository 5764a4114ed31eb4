//! Correct how much there is of a variant.

use kernel::db::retrying;
use serde::Deserialize;

use super::write::{Change, Entry, write};
use super::{InventoryError, StockLevel, db};
use crate::activity::{self, Act};
use crate::catalog::{VariantId, plain_text};
use crate::events;
use crate::shop::Shop;

/// What came in or went out, and why.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// How many came in; negative: went out.
    #[garde(range(min = -1_000_000, max = 1_000_000), custom(not_zero))]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub delta: i32,
    /// Why; staff reads it in the list of movements.
    #[garde(length(chars, min = 1, max = 200), custom(plain_text))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

fn not_zero(delta: &i32, (): &()) -> garde::Result {
    if *delta == 0 { Err(garde::Error::new("must not be 0")) } else { Ok(()) }
}

/// Changes what is on hand of a variant. Less than what is reserved cannot remain.
pub async fn adjust(shop: &Shop, id: VariantId, request: &AdjustStock) -> Result<StockLevel, InventoryError> {
    retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let level = db::lock_level(&mut tx, id).await?.ok_or(InventoryError::NotFound)?;
        let on_hand = after(level.on_hand, level.reserved, request.delta)?;
        let entry =
            Entry { variant_id: id, on_hand: request.delta, reserved: 0, reference_id: None, quantity: request.delta };
        let change = Change {
            event_type: "stock.adjusted",
            reason: &request.reason,
            reference_type: "adjustment",
            entries: vec![entry],
        };
        let told = write(&mut tx, shop, &change).await?;
        events::tell(&mut tx, shop, &told).await?;
        let adjusted = StockLevel { on_hand, available: on_hand - level.reserved, ..level.clone() };
        let act = Act {
            action: "stock.adjusted",
            entity_type: "variant",
            entity_id: id.0,
            before: Some(serde_json::json!(level)),
            after: Some(serde_json::json!(adjusted)),
        };
        activity::note(&mut tx, shop, &act).await?;
        tx.commit().await?;
        Ok(adjusted)
    })
    .await
}

/// What is on hand after `delta`, or why that cannot be.
fn after(on_hand: i32, reserved: i32, delta: i32) -> Result<i32, InventoryError> {
    match on_hand.checked_add(delta) {
        None => Err(InventoryError::TooMany),
        Some(left) if left < reserved => Err(InventoryError::BelowReserved { on_hand, reserved }),
        Some(left) => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fewer_than_reserved_remain() {
        assert!(matches!(after(5, 3, -2), Ok(3)));
        assert!(matches!(after(5, 3, -3), Err(InventoryError::BelowReserved { on_hand: 5, reserved: 3 })));
        assert!(matches!(after(0, 0, -1), Err(InventoryError::BelowReserved { .. })));
        assert!(matches!(after(i32::MAX, 0, 1), Err(InventoryError::TooMany)));
    }
}
