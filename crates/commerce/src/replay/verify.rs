//! Is every read model what the events make of it?

use std::collections::HashSet;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::compare::{Difference, compare, compare_sales, compare_sold, untold};
use super::db;
use super::walk::Walk;
use crate::reports::{self, SalesDay, SoldDay};
use crate::shop::Shop;

/// Rows looked at once.
const STRETCH: i64 = 2000;
/// Nobody reads more; how many there are is counted on.
const MOST: usize = 10_000;

/// What was found.
#[derive(Debug, Default, serde::Serialize)]
pub struct Verified {
    /// Events read.
    pub events: u64,
    /// Aggregates folded.
    pub aggregates: u64,
    /// What does not agree; the first ten thousand.
    pub differences: Vec<Difference>,
}

/// Folds every event of the store and compares the outcome with the read models, all as of one moment. `progress` hears
/// how many events have been read.
pub async fn verify(shop: &Shop, mut progress: impl FnMut(u64)) -> sqlx::Result<Verified> {
    let mut tx = shop.db.begin().await?;
    db::hold_still(&mut tx).await?;
    let cursor = reports::cursor(&mut tx, reports::PROJECTION).await?;
    let mut walk = Walk::new(cursor);
    let mut verified = Verified::default();
    let mut sales = std::collections::BTreeMap::<_, SalesDay>::new();
    let mut sold = std::collections::BTreeMap::<_, SoldDay>::new();
    while let Some(folded) = walk.next(&mut tx).await? {
        verified.aggregates += folded.len() as u64;
        for (day, counts) in folded.iter().flat_map(|one| &one.tally.sales) {
            sales.entry(*day).or_default().add(counts);
        }
        for (key, counts) in folded.iter().flat_map(|one| &one.tally.sold) {
            sold.entry(*key).or_default().add(counts);
        }
        if verified.differences.len() < MOST {
            compare(&mut tx, &folded, &mut verified.differences).await?;
        }
        progress(walk.events);
    }
    compare_sales(&mut tx, &sales, &mut verified.differences).await?;
    compare_sold(&mut tx, sold, &mut verified.differences).await?;
    find_untold(&mut tx, &mut verified.differences).await?;
    verified.events = walk.events;
    verified.differences.truncate(MOST);
    tx.commit().await?;
    Ok(verified)
}

/// Rows of which nothing was ever told.
async fn find_untold(tx: &mut TenantTx, into: &mut Vec<Difference>) -> sqlx::Result<()> {
    for aggregate in ["order", "payment", "refund", "stock"] {
        let mut after = Uuid::nil();
        loop {
            let rows = match aggregate {
                "order" => db::orders_told(tx, after, STRETCH).await?,
                "payment" => db::payments_told(tx, after, STRETCH).await?,
                "refund" => db::refunds_told(tx, after, STRETCH).await?,
                _ => db::levels_told(tx, after, STRETCH).await?,
            };
            let Some(last) = rows.last() else { break };
            after = last.id;
            into.extend(rows.iter().filter(|row| !row.told).map(|row| untold(aggregate, &row.id)));
        }
    }
    let mut after = Uuid::nil();
    loop {
        let variants = reports::stock_variants(tx, after, STRETCH).await?;
        let Some(last) = variants.last() else { return Ok(()) };
        after = *last;
        let known: HashSet<Uuid> = crate::events::known(tx, &variants).await?.into_iter().collect();
        into.extend(variants.iter().filter(|id| !known.contains(id)).map(|id| untold("stock_day", id)));
    }
}
