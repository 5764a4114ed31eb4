//! Forget letters whose time is over.

use kernel::db::LandlordTx;

use super::db;

/// Deletes what was sent or given up so many days ago. Says how many.
pub async fn sweep(tx: &mut LandlordTx, keep_days: u32) -> sqlx::Result<u64> {
    db::sweep(tx, keep_days).await
}
