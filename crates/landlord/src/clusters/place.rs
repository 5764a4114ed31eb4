//! Find the place of a new store.

use kernel::db::LandlordTx;

use super::db;

/// The cluster for a new store on this plan, of those that this process can reach. `None` when none takes it.
pub async fn place(tx: &mut LandlordTx, plan: &str, known: &[String]) -> sqlx::Result<Option<String>> {
    let mut places = db::places(tx, plan, known).await?;
    // Stores are counted only when there is a choice.
    if places.len() < 2 { Ok(places.pop()) } else { db::emptiest(tx, plan, known).await }
}
