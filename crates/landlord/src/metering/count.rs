//! Count what is used.

use chrono::NaiveDate;
use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::db;

/// So much more was used on that day, in the caller's transaction: whoever may count the same thing twice says how much
/// it is in all, with [`count_to`].
pub async fn count(
    tx: &mut LandlordTx,
    tenant: TenantId,
    feature: &str,
    day: NaiveDate,
    more: u32,
) -> sqlx::Result<()> {
    db::add(tx, tenant, feature, day, i64::from(more)).await
}

/// So much was used on that day in all. What was counted before is never taken back, so it may be said again, late or
/// out of order.
pub async fn count_to(
    tx: &mut LandlordTx,
    tenant: TenantId,
    feature: &str,
    day: NaiveDate,
    total: i64,
) -> sqlx::Result<()> {
    db::raise(tx, tenant, feature, day, total.max(0)).await
}
