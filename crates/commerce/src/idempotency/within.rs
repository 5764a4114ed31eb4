//! Same key, same answer, for acts that are one transaction: key, effect and answer are committed together.

use kernel::db::TenantTx;
use kernel::idempotency::{Answer, Fingerprint, IdempotencyKey};

use super::db::{self, Claimed, NewKey};

/// How a key was found.
#[derive(Debug)]
pub enum Entered {
    /// It is new: act, [`super::finish`] it with the answer, and commit.
    First(Claimed),
    /// This was the answer.
    Answered(Answer),
    /// It was used for something else.
    Reused,
    /// Whoever has it acts in several transactions, and is not done.
    InProgress,
}

/// Takes a key for the rest of this transaction. A second request with the same key waits here until the first has
/// ended; when that came to nothing, the second is the first.
pub async fn enter(
    tx: &mut TenantTx,
    scope: &str,
    key: &IdempotencyKey,
    fingerprint: Fingerprint,
) -> sqlx::Result<Entered> {
    let new = NewKey { scope: scope.to_owned(), key: key.0.clone(), fingerprint, subject: None, answer: None };
    let claimed = || Claimed { scope: scope.to_owned(), key: key.0.clone(), lease: 1 };
    for _ in 0..2 {
        if db::insert(tx, std::slice::from_ref(&new)).await? == 1 {
            return Ok(Entered::First(claimed()));
        }
        let found = db::find(tx, std::slice::from_ref(&new.scope), std::slice::from_ref(&new.key)).await?;
        match found.into_values().next() {
            // It had expired, and is gone now.
            None => {}
            Some(stored) if stored.fingerprint != fingerprint => return Ok(Entered::Reused),
            Some(stored) => return Ok(stored.answer.map_or(Entered::InProgress, Entered::Answered)),
        }
    }
    Ok(Entered::InProgress)
}
