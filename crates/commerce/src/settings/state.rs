//! The store's own lock, and the counters that it guards.

use kernel::db::TenantTx;

use super::db;

/// What the store's lock guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreState {
    /// Number of the next order; gap-free.
    pub next_order_number: i64,
    /// A catalogue that was cached under another version is stale.
    pub catalog_version: i64,
    /// Rules of prices that were cached under another version are stale.
    pub pricing_version: i64,
}

/// Locks the store until the transaction ends. The first lock of any transaction that takes it.
pub async fn lock_store(tx: &mut TenantTx) -> sqlx::Result<StoreState> {
    db::lock_state(tx).await
}

/// Makes every cached catalogue stale. The store must be locked.
pub async fn bump_catalog(tx: &mut TenantTx) -> sqlx::Result<()> {
    db::bump_catalog(tx).await
}

/// Makes all cached rules of prices stale. The store must be locked.
pub async fn bump_pricing(tx: &mut TenantTx) -> sqlx::Result<()> {
    db::bump_pricing(tx).await
}

/// Uses up order numbers. The store must be locked.
pub async fn advance_order_number(tx: &mut TenantTx, count: i64) -> sqlx::Result<()> {
    db::advance_order_number(tx, count).await
}
