//! Put events on their way again that were never published.

use kernel::db::TenantTx;

use super::db;
use crate::outbox;
use crate::shop::Shop;

/// Most in one go.
const MOST: i64 = 10_000;

/// Writes outbox rows for events that have waited for more than five minutes: theirs may be lost. Who hears of one twice
/// knows it by its position. Returns how many.
pub async fn tell_again(tx: &mut TenantTx, shop: &Shop) -> sqlx::Result<usize> {
    let waiting = db::waiting(tx, MOST).await?;
    for positions in waiting.chunks(500) {
        outbox::post(tx, shop.id, positions).await?;
    }
    Ok(waiting.len())
}
