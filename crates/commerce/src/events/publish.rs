//! Give events their places in the published feed.

use super::db::{self, News};
use crate::shop::Shop;

/// Numbers the events at these positions, in order, and returns them. Those that have a place keep it, so doing it again
/// is harmless.
pub async fn publish(shop: &Shop, positions: &[i64]) -> sqlx::Result<Vec<News>> {
    let mut tx = shop.db.begin().await?;
    let last = db::lock_feed(&mut tx).await?;
    let numbered = db::number(&mut tx, positions, last).await?;
    if numbered > 0 {
        db::set_feed(&mut tx, last + i64::try_from(numbered).unwrap_or(i64::MAX)).await?;
    }
    let news = db::at(&mut tx, positions).await?;
    tx.commit().await?;
    Ok(news)
}
