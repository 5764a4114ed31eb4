//! Put work off until later, in the transaction that makes it necessary.

use kernel::db::TenantTx;

use super::{NewJob, db};
use crate::shop::Shop;

/// Adds jobs: one statement, however many.
pub async fn enqueue(tx: &mut TenantTx, shop: &Shop, jobs: &[NewJob]) -> sqlx::Result<()> {
    if jobs.is_empty() { Ok(()) } else { db::insert(tx, shop.id, jobs).await }
}
