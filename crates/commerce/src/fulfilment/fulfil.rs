//! Close an order whose goods have left, when nobody will say that they arrived.

use super::FulfilmentError;
use super::step::take;
use crate::events;
use crate::orders::{self, OrderId, Step};
use crate::payments;
use crate::shop::Shop;

/// Closes an order that has left. Its cash counts as collected: nothing more will be heard of it.
pub async fn fulfil(shop: &Shop, id: OrderId) -> Result<(), FulfilmentError> {
    kernel::db::retrying(|| attempt(shop, id)).await
}

async fn attempt(shop: &Shop, id: OrderId) -> Result<(), FulfilmentError> {
    let mut tx = shop.db.begin().await?;
    let mut order = orders::lock_for_staff(&mut tx, shop, id).await?;
    let mut told = vec![take(&mut tx, shop, &mut order, Step::Fulfil, None).await?];
    told.extend(payments::collect(&mut tx, shop, id).await?);
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(())
}
