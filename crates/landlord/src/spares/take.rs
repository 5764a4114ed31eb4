//! Take a schema for a new store.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::db;

/// Takes the oldest that is ready; two sign-ups never take the same, and neither waits for the other.
pub async fn take(tx: &mut LandlordTx, cluster: &str, version: i64) -> sqlx::Result<Option<TenantId>> {
    db::take(tx, cluster, version).await
}
