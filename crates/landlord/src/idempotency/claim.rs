//! Claim a key.

use kernel::db::LandlordTx;
use kernel::idempotency::{Answer, Fingerprint, IdempotencyKey};
use uuid::Uuid;

use super::db;

/// A key that is ours until its lease ends.
#[derive(Debug, Clone)]
pub struct Held {
    pub(super) scope: &'static str,
    pub(super) key: String,
    pub(super) lease: i64,
}

/// What became of a claim.
#[derive(Debug)]
pub enum Claim {
    /// Ours. A subject means: an earlier holder got as far as making it.
    Ours(Held, Option<Uuid>),
    /// The act is done; this is what was stored as its answer.
    Finished(Answer),
    /// Somebody else holds it at the moment.
    InProgress,
    /// It was used with another request.
    Reused,
}

/// Claims a key for 30 seconds. A finished one that is older than 24 hours counts as new.
pub async fn claim(
    tx: &mut LandlordTx,
    scope: &'static str,
    key: &IdempotencyKey,
    fingerprint: &Fingerprint,
) -> sqlx::Result<Claim> {
    if let Some((lease, subject)) = db::claim(tx, scope, &key.0, fingerprint).await? {
        return Ok(Claim::Ours(Held { scope, key: key.0.clone(), lease }, subject));
    }
    let Some(found) = db::read(tx, scope, &key.0).await? else { return Ok(Claim::InProgress) };
    if found.fingerprint != fingerprint {
        return Ok(Claim::Reused);
    }
    Ok(match (found.status.and_then(|status| u16::try_from(status).ok()), found.body) {
        (Some(status), Some(body)) => Claim::Finished(Answer { status, body, replayed: true }),
        (Some(_) | None, Some(_) | None) => Claim::InProgress,
    })
}
