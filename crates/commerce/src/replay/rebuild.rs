//! Write the reports anew from events.

use super::walk::Walk;
use crate::events;
use crate::reports::{self, Tally};
use crate::shop::Shop;

/// Makes the days anew, in one transaction: whoever reads meanwhile sees the old ones. The projection waits for it.
/// Returns how many events were read; `progress` hears of them on the way.
pub async fn rebuild(shop: &Shop, mut progress: impl FnMut(u64)) -> sqlx::Result<u64> {
    let mut tx = shop.db.begin().await?;
    // Events that move into snapshots meanwhile would count twice.
    events::hold_store(&mut tx, shop.id).await?;
    let cursor = reports::lock_cursor(&mut tx, reports::PROJECTION).await?;
    let mut walk = Walk::new(cursor);
    let mut tally = Tally::default();
    while let Some(folded) = walk.next(&mut tx).await? {
        for one in folded {
            for (day, counts) in one.tally.sales {
                tally.sales.entry(day).or_default().add(&counts);
            }
            tally.stock.extend(one.tally.stock);
            for (key, counts) in one.tally.sold {
                tally.sold.entry(key).or_default().add(&counts);
            }
        }
        progress(walk.events);
    }
    reports::replace(&mut tx, &tally).await?;
    tx.commit().await?;
    Ok(walk.events)
}
