//! Forget sessions and tokens whose time is over.

use kernel::db::LandlordTx;

use super::db;

/// Deletes what ended more than a day ago; until then a stolen token is still recognised. Says how many rows.
pub async fn sweep(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let letters = db::tokens::sweep(tx).await? + db::factors::sweep(tx).await?;
    Ok(letters + db::sweep_tokens(tx).await? + db::sweep_sessions(tx).await?)
}
