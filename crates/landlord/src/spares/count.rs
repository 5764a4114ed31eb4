//! Count the schemas that are ready.

use kernel::db::LandlordTx;

use super::db;

/// How many a sign-up could take.
pub async fn count(tx: &mut LandlordTx, cluster: &str, version: i64) -> sqlx::Result<i64> {
    db::count(tx, cluster, version).await
}
