//! The store's own lock, and the counters that it guards.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;

use super::{Settings, db};

/// What the store's lock guards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreState {
    /// Number of the next order; gap-free.
    pub next_order_number: i64,
    /// A catalogue that was cached under another version is stale.
    pub catalog_version: i64,
    /// Rules of prices that were cached under another version are stale.
    pub pricing_version: i64,
    /// The present month in UTC, such as `2026-11`.
    pub month: String,
    /// Orders created in it.
    pub orders_in_month: i64,
    /// Does the store know any customer at all? One that knows none need not look them up.
    pub knows_customers: bool,
    /// The database's time: when this transaction began.
    pub now: DateTime<Utc>,
}

/// Locks the store until the transaction ends. The first lock of any transaction that takes it.
pub async fn lock_store(tx: &mut TenantTx) -> sqlx::Result<StoreState> {
    db::lock_state(tx).await
}

/// Locks the store as [`lock_store`] does, and reads its settings: one statement. Settings that change while it waits
/// for the lock count from the next transaction on.
pub async fn lock_store_with_settings(tx: &mut TenantTx) -> sqlx::Result<(StoreState, Settings)> {
    db::lock_state_with_settings(tx).await
}

/// Makes every cached catalogue stale. The store must be locked.
pub async fn bump_catalog(tx: &mut TenantTx) -> sqlx::Result<()> {
    db::bump_catalog(tx).await
}

/// Makes all cached rules of prices stale. The store must be locked.
pub async fn bump_pricing(tx: &mut TenantTx) -> sqlx::Result<()> {
    db::bump_pricing(tx).await
}

/// Uses up order numbers, and counts the orders in their month. The store must be locked.
pub async fn count_orders(tx: &mut TenantTx, month: &str, count: i64) -> sqlx::Result<()> {
    db::count_orders(tx, month, count).await
}
