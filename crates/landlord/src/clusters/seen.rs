//! Note whether a cluster answers.

use kernel::db::LandlordTx;

use super::db;

/// Notes that the cluster answers, or does not. True when that is news.
pub async fn seen(tx: &mut LandlordTx, id: &str, answers: bool) -> sqlx::Result<bool> {
    db::set_down(tx, id, !answers).await
}
