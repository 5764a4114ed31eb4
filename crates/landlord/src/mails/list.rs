//! Look at the queue.

use kernel::db::LandlordTx;

use super::{MailCounts, MailId, MailRow, MailState, db};

/// Letters in a state in the order in which they were asked for, those after `after`.
pub async fn list(
    tx: &mut LandlordTx,
    state: MailState,
    after: Option<MailId>,
    limit: i64,
) -> sqlx::Result<Vec<MailRow>> {
    db::list(tx, state, after, limit).await
}

/// How many wait, and how many were given up.
pub async fn count(tx: &mut LandlordTx) -> sqlx::Result<MailCounts> {
    db::count(tx).await
}
