//! Write the days anew.

use kernel::db::TenantTx;

use super::tally::Tally;
use super::{db, sold};

/// Puts these counts in the place of those there are; the counts of carts stay. The caller holds the cursor.
pub(crate) async fn replace(tx: &mut TenantTx, tally: &Tally) -> sqlx::Result<()> {
    db::clear(tx).await?;
    sold::clear(tx).await?;
    db::add_sales(tx, &tally.sales).await?;
    let mut rest = tally.stock.clone();
    while !rest.is_empty() {
        let tail = rest.keys().nth(5000).copied().map(|key| rest.split_off(&key)).unwrap_or_default();
        db::add_stock(tx, &rest).await?;
        rest = tail;
    }
    let mut rest = tally.sold.clone();
    while !rest.is_empty() {
        let tail = rest.keys().nth(5000).copied().map(|key| rest.split_off(&key)).unwrap_or_default();
        sold::add(tx, &rest).await?;
        rest = tail;
    }
    Ok(())
}
