//! List the schemas that wait for a store.

use kernel::db::LandlordTx;

use super::{Spare, db};

/// All of them, whatever their version.
pub async fn all(tx: &mut LandlordTx) -> sqlx::Result<Vec<Spare>> {
    db::all(tx).await
}
