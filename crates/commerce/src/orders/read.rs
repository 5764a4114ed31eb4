//! Read orders.

use kernel::db::TenantTx;

use super::{Order, OrderError, OrderId, OrderItem, db};
use crate::shop::Shop;

/// An order with its lines.
pub async fn order(tx: &mut TenantTx, id: OrderId) -> Result<Order, OrderError> {
    let mut order = db::order(tx, id).await?.ok_or(OrderError::NotFound)?;
    order.items = db::items(tx, id).await?;
    Ok(order)
}

/// The lines of an order.
pub async fn items(tx: &mut TenantTx, id: OrderId) -> Result<Vec<OrderItem>, OrderError> {
    db::items(tx, id).await
}

/// The secret that lets a guest see the order.
pub fn token(shop: &Shop, id: OrderId) -> String {
    shop.possession.token("order", &[shop.id.0.as_bytes(), id.0.as_bytes()])
}

/// Does `token` let its bearer see the order?
pub fn proves(shop: &Shop, id: OrderId, token: &str) -> bool {
    shop.possession.proves(token, "order", &[shop.id.0.as_bytes(), id.0.as_bytes()])
}

/// How an order's amounts came about, rule by rule: its totals, and its lines in their order.
pub async fn trails(tx: &mut TenantTx, id: OrderId) -> Result<(serde_json::Value, Vec<serde_json::Value>), OrderError> {
    db::trails(tx, id).await?.ok_or(OrderError::NotFound)
}
