//! Find the schemas that a newer migration made useless, and forget them.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{Spare, db};

/// Those that lack a migration up to `version`: to be migrated and added again, or dropped.
pub async fn outdated(tx: &mut LandlordTx, version: i64) -> sqlx::Result<Vec<Spare>> {
    db::outdated(tx, version).await
}

/// Forgets one, so that no sign-up takes it. False when a sign-up was faster.
pub async fn remove(tx: &mut LandlordTx, id: TenantId) -> sqlx::Result<bool> {
    db::remove(tx, id).await
}
