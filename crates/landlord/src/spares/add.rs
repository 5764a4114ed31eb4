//! Add a schema that is ready.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::db;

/// Adds a schema that has every tenant migration up to `version`. Adding it twice is adding it once.
pub async fn add(tx: &mut LandlordTx, id: TenantId, cluster: &str, version: i64) -> sqlx::Result<()> {
    db::insert(tx, id, cluster, version).await
}
