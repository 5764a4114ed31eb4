//! Run an act once for a key, whose parts are each safe to run again.

use std::time::{Duration, Instant};

use kernel::idempotency::{Answer, Fingerprint, IdempotencyKey, in_progress, reused};
use kernel::problem::Problem;

use super::db::{self, Claimed, NewKey};
use crate::shop::Shop;

/// How long a second request waits for the answer to the first.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs `act` unless the key has an answer. Outcomes are stored and told again; refusals of the request itself (4xx
/// other than 402 and 409), 429 and 5xx are not, so the same key may be used again. The act may be entered again after
/// a crash, and must go on from where it was.
pub async fn once(
    shop: &Shop,
    scope: &str,
    key: &IdempotencyKey,
    fingerprint: Fingerprint,
    act: impl AsyncFnOnce() -> Result<Answer, Problem>,
) -> Result<Answer, Problem> {
    let claimed = match claim(shop, scope, key, fingerprint).await? {
        Claim::Ours(claimed) => claimed,
        Claim::Answered(answer) => return Ok(answer),
    };
    let outcome = match act().await {
        Err(problem) if matches!(problem.status.as_u16(), 402 | 409) => {
            Ok(Answer::problem(&problem, &shop.origin.request_id))
        }
        outcome => outcome,
    };
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    match &outcome {
        Ok(answer) => {
            db::finish(&mut tx, &claimed, answer).await.map_err(Problem::database)?;
        }
        Err(_) => db::abandon(&mut tx, &claimed).await.map_err(Problem::database)?,
    }
    tx.commit().await.map_err(Problem::database)?;
    outcome
}

/// A key came again with another request: counted and logged.
pub fn conflict(shop: &Shop, key: &IdempotencyKey, fingerprint: &Fingerprint) {
    kernel::metrics::idempotency_conflict();
    // Enough of it to tell requests apart.
    let fingerprint: String = fingerprint.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    tracing::warn!(
        event = "idempotency.conflict", tenant = %shop.slug, request_id = shop.origin.request_id, key = key.0, fingerprint,
        "key used for another request"
    );
}

enum Claim {
    Ours(Claimed),
    Answered(Answer),
}

async fn claim(shop: &Shop, scope: &str, key: &IdempotencyKey, fingerprint: Fingerprint) -> Result<Claim, Problem> {
    let new = NewKey { scope: scope.to_owned(), key: key.0.clone(), fingerprint, subject: None, answer: None };
    let started = Instant::now();
    loop {
        let mut tx = shop.db.begin().await.map_err(Problem::database)?;
        let (scopes, keys) = ([new.scope.clone()], [new.key.clone()]);
        let found = db::find(&mut tx, &scopes, &keys).await.map_err(Problem::database)?;
        let claimed = match found.into_values().next() {
            None => {
                let inserted = db::insert(&mut tx, std::slice::from_ref(&new)).await.map_err(Problem::database)?;
                (inserted == 1).then(|| Claimed { scope: new.scope.clone(), key: new.key.clone(), lease: 1 })
            }
            Some(stored) if stored.fingerprint != fingerprint => {
                conflict(shop, key, &fingerprint);
                return Err(reused());
            }
            Some(stored) => match stored.answer {
                Some(answer) => return Ok(Claim::Answered(answer)),
                None => db::claim_again(&mut tx, scope, &key.0).await.map_err(Problem::database)?,
            },
        };
        tx.commit().await.map_err(Problem::database)?;
        if let Some(claimed) = claimed {
            return Ok(Claim::Ours(claimed));
        }
        if started.elapsed() > PATIENCE {
            return Err(in_progress());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Deletes answers nobody may ask for any more, a thousand at a time. Returns how many.
pub async fn forget_expired(shop: &Shop) -> sqlx::Result<u64> {
    let mut tx = shop.db.begin().await?;
    let deleted = db::delete_expired(&mut tx).await?;
    tx.commit().await?;
    Ok(deleted)
}
