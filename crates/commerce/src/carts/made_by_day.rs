//! How many carts were made on each day.

use chrono::NaiveDate;
use kernel::db::TenantTx;

use super::db;

/// By day in UTC, from `since` on or from the beginning.
pub async fn made_by_day(tx: &mut TenantTx, since: Option<NaiveDate>) -> sqlx::Result<Vec<(NaiveDate, i64)>> {
    db::made_by_day(tx, since).await
}
