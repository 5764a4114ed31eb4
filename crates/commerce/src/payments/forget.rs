//! Forget what the provider sent, once it is old.

use super::db;
use crate::shop::Shop;

/// Most messages of one transaction.
const BATCH: i64 = 1000;

/// Forgets the text of processed messages older than `days`, and those older than `id_days` altogether. Returns how many
/// it came upon; 0 when nothing is left.
pub async fn forget_provider_events(shop: &Shop, days: i32, id_days: i32) -> sqlx::Result<u64> {
    let mut tx = shop.db.begin().await?;
    let emptied = db::events::empty_events(&mut tx, days, BATCH).await?;
    let deleted = db::events::delete_events(&mut tx, id_days, BATCH).await?;
    tx.commit().await?;
    Ok(emptied + deleted)
}
