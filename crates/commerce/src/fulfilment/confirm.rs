//! Confirm an order that nobody pays by card: its goods are its own.

use super::FulfilmentError;
use super::step::{note, reviewed};
use crate::checkout;
use crate::events;
use crate::orders::{self, OrderId, Step};
use crate::shop::Shop;

/// Confirms an order that is pending and not under review. A second time is a conflict.
pub async fn confirm(shop: &Shop, id: OrderId) -> Result<(), FulfilmentError> {
    kernel::db::retrying(|| attempt(shop, id)).await
}

async fn attempt(shop: &Shop, id: OrderId) -> Result<(), FulfilmentError> {
    let mut tx = shop.db.begin().await?;
    checkout::hold_order(&mut tx, id).await?;
    let mut order = orders::lock_for_staff(&mut tx, shop, id).await?;
    let before = order.stage;
    order.allows(Step::Confirm)?;
    reviewed(&order)?;
    if order.payment_method == "card" {
        return Err(FulfilmentError::PaidByCard);
    }
    let told = checkout::confirm(&mut tx, shop, &mut order).await?;
    note(&mut tx, shop, &order, Step::Confirm.event(), before, None).await?;
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(())
}
