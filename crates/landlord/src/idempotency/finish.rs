//! Say how far the act under a key has got.

use kernel::db::LandlordTx;
use kernel::idempotency::Answer;
use uuid::Uuid;

use super::{Held, db};

/// Notes what the act has made, in the transaction that makes it. False: the lease is lost, roll back.
pub async fn attach(tx: &mut LandlordTx, held: &Held, subject: Uuid) -> sqlx::Result<bool> {
    db::attach(tx, held.scope, &held.key, held.lease, subject).await
}

/// Stores the answer. False: the lease is lost, roll back.
pub async fn finish(tx: &mut LandlordTx, held: &Held, answer: &Answer) -> sqlx::Result<bool> {
    db::finish(tx, held.scope, &held.key, held.lease, i32::from(answer.status), &answer.body).await
}

/// Lets go of an unfinished key: forgets it when nothing was made under it, else lets the next one go on at once.
pub async fn release(tx: &mut LandlordTx, held: &Held) -> sqlx::Result<()> {
    if !db::forget(tx, held.scope, &held.key, held.lease).await? {
        db::end_lease(tx, held.scope, &held.key, held.lease).await?;
    }
    Ok(())
}
