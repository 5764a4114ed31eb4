//! Where a store lives: in which cluster, on its way to another or not, and how far its schema has got.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{TenantState, db};

/// Reads a store's state and cluster, and locks the tenant until the transaction ends.
pub async fn lock_place(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<(TenantState, String)>> {
    db::lock_place(tx, tenant).await
}

/// The store is on its way, and read but not written; or it is no longer.
pub async fn set_moving(tx: &mut LandlordTx, tenant: TenantId, moving: bool) -> sqlx::Result<()> {
    db::set_moving(tx, tenant, moving).await
}

/// The store lives elsewhere now. False when it did not live in `from`.
pub async fn relocate(tx: &mut LandlordTx, tenant: TenantId, from: &str, to: &str) -> sqlx::Result<bool> {
    db::set_cluster(tx, tenant, from, to).await
}

/// Notes the newest migration in the schemas of stores. Returns for how many that is news.
pub async fn note_versions(tx: &mut LandlordTx, versions: &[(TenantId, i64)]) -> sqlx::Result<u64> {
    db::set_versions(tx, versions).await
}
