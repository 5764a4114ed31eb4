//! List the schemas that wait for a store.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::db;

/// All of them, whatever their version.
pub async fn all(tx: &mut LandlordTx) -> sqlx::Result<Vec<TenantId>> {
    db::all(tx).await
}
