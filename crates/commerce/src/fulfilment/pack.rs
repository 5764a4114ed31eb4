//! Pack an order: its goods are taken from the shelf.

use super::FulfilmentError;
use super::step::{reviewed, take};
use crate::events;
use crate::orders::{self, OrderId, Step};
use crate::shop::Shop;

/// Packs an order that is sure of its money. A second time is a conflict.
pub async fn pack(shop: &Shop, id: OrderId) -> Result<(), FulfilmentError> {
    kernel::db::retrying(|| attempt(shop, id)).await
}

async fn attempt(shop: &Shop, id: OrderId) -> Result<(), FulfilmentError> {
    let mut tx = shop.db.begin().await?;
    let mut order = orders::lock_for_staff(&mut tx, shop, id).await?;
    reviewed(&order)?;
    let event = take(&mut tx, shop, &mut order, Step::Pack, None).await?;
    events::tell(&mut tx, shop, &[event]).await?;
    tx.commit().await?;
    Ok(())
}
