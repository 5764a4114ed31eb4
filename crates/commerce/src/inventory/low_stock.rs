//! Notice which variants run low.

use kernel::db::retrying;
use serde_json::json;

use super::db;
use crate::catalog::VariantId;
use crate::events::{self, Event};
use crate::settings;
use crate::shop::Shop;

/// Tells `stock.low` of each of these variants that has crossed the store's threshold since it was last looked at,
/// once per crossing. Looking again is harmless.
pub async fn notice_low_stock(shop: &Shop, variants: &[VariantId]) -> sqlx::Result<()> {
    retrying(|| notice(shop, variants)).await
}

async fn notice(shop: &Shop, variants: &[VariantId]) -> sqlx::Result<()> {
    let mut tx = shop.db.begin().await?;
    let threshold = settings::read(&mut tx).await?.low_stock_threshold;
    // Most changes cross nothing, and those should not queue for the hottest locks there are.
    let crossing = db::crossing(&mut tx, variants, threshold).await?;
    if !crossing.is_empty() {
        db::lock_levels(&mut tx, &crossing).await?;
        db::forget_low(&mut tx, &crossing, threshold).await?;
        let low = db::remember_low(&mut tx, &crossing, threshold).await?;
        let events: Vec<Event> = low.iter().map(|level| event(level, threshold)).collect();
        events::tell(&mut tx, shop, &events).await?;
    }
    tx.commit().await
}

fn event(level: &db::Written, threshold: i32) -> Event {
    Event {
        aggregate_type: "stock",
        aggregate_id: level.variant_id.0,
        version: level.version,
        event_type: "stock.low",
        origin: None,
        data: json!({
            "variant_id": level.variant_id,
            "on_hand": level.on_hand,
            "reserved": level.reserved,
            "available": level.on_hand - level.reserved,
            "threshold": threshold,
        }),
    }
}
