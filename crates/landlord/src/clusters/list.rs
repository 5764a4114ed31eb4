//! List the clusters.

use kernel::db::LandlordTx;

use super::{Cluster, db};

/// All of them, also those that the settings no longer name.
pub async fn list(tx: &mut LandlordTx) -> sqlx::Result<Vec<Cluster>> {
    db::list(tx).await
}
