//! Carry over to a locked order what of its lines has left, and how long it all took.

use std::time::Duration;

use kernel::db::TenantTx;
use kernel::metrics;

use super::{Locked, OrderError, OrderItemId, db};

/// Notes how many more of each line have left. The database refuses more than were bought.
pub async fn items_shipped(tx: &mut TenantTx, order: &Locked, items: &[(OrderItemId, i32)]) -> Result<(), OrderError> {
    db::add_shipped(tx, order.id, items).await
}

/// Notes how long the order took from the moment that it was sure, and altogether. Called when all of it has left.
pub async fn measure(tx: &mut TenantTx, order: &Locked) -> Result<(), OrderError> {
    let (fulfilment, total) = db::measure(tx, order.id).await?;
    let time = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    metrics::order_fulfilled(time(fulfilment), time(total));
    Ok(())
}

/// Notes how long it took until an order's money was there that is collected with its goods.
pub async fn money_came(tx: &mut TenantTx, order: &Locked) -> Result<(), OrderError> {
    db::money_came(tx, order.id).await
}
