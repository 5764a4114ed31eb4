//! Start the trial of a new store.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::db;

/// Starts a trial of so many days.
pub async fn start(tx: &mut LandlordTx, tenant: TenantId, plan: &str, trial_days: u32) -> sqlx::Result<()> {
    db::insert(tx, tenant, plan, trial_days).await
}
