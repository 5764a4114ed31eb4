//! Forget keys whose time is over.

use kernel::db::LandlordTx;

use super::db;

/// Deletes finished keys after 24 hours, and unfinished ones under which nothing was made. Says how many.
pub async fn sweep(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    db::sweep(tx).await
}
