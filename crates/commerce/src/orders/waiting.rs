//! Find the orders that wait for somebody to do something.

use kernel::db::TenantTx;

pub use super::db::Waiting;
use super::{OrderError, OrderId, db};

/// The oldest orders after `after` that somebody has to confirm, review, pack, ship, or see to because of an error.
pub async fn to_do(tx: &mut TenantTx, after: Option<OrderId>, limit: i64) -> Result<Vec<OrderId>, OrderError> {
    db::to_do(tx, after, limit).await
}

/// These orders, with what they wait for depends on, the oldest first.
pub async fn waiting(tx: &mut TenantTx, ids: &[OrderId]) -> Result<Vec<Waiting>, OrderError> {
    db::waiting(tx, ids).await
}
