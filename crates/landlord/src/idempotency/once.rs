//! One act under the client's key, from claim to answer.

use std::time::Duration;

use kernel::db::retrying;
use kernel::idempotency::{self, Answer, Fingerprint, IdempotencyKey};
use kernel::origin::Origin;
use kernel::problem::Problem;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Claim, Held, claim, finish, release};
use crate::platform::Landlord;

/// How long a request waits for another with the same key, in steps.
const PATIENCE_MS: [u64; 7] = [50, 100, 200, 300, 400, 450, 500];

/// What is done once.
#[derive(Debug)]
pub struct OneAct<'a> {
    /// The kind of act.
    pub scope: &'static str,
    /// Whose keys these are: two owners may choose the same one.
    pub owner: Uuid,
    /// The client's name for it.
    pub key: &'a IdempotencyKey,
    /// What was asked.
    pub fingerprint: Fingerprint,
}

/// A failure that may be how the act ended.
pub trait Failure: Into<Problem> {
    /// Is it to be told again whenever the act is repeated? What ails only this attempt is not.
    fn is_outcome(&self) -> bool;
}

/// Does the act, unless it was done under this key: then its answer is given again.
///
/// `work` is given the key that it holds, and what an earlier attempt has attached to it; with its last transaction it
/// stores the answer by `finish`. A refusal that is an outcome is stored here.
pub async fn once<E, F>(
    landlord: &Landlord,
    origin: &Origin,
    act: OneAct<'_>,
    work: impl FnOnce(Held, Option<Uuid>) -> F + Send,
) -> Result<Answer, Problem>
where
    E: Failure + Send,
    F: Future<Output = Result<Answer, E>> + Send,
{
    let key = owned(act.owner, act.key);
    let mut pauses = PATIENCE_MS.into_iter();
    let (held, subject) = loop {
        let claimed = retrying(|| async {
            let mut tx = landlord.db.begin().await?;
            let claimed = claim(&mut tx, act.scope, &key, &act.fingerprint).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(claimed)
        });
        match claimed.await.map_err(Problem::database)? {
            Claim::Ours(held, subject) => break (held, subject),
            Claim::Finished(answer) => return Ok(answer),
            Claim::Reused => return Err(idempotency::reused()),
            Claim::InProgress => match pauses.next() {
                Some(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
                None => return Err(idempotency::in_progress()),
            },
        }
    };
    match work(held.clone(), subject).await {
        Ok(answer) => Ok(answer),
        Err(error) if error.is_outcome() => {
            let answer = Answer::problem(&error.into(), &origin.request_id);
            let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
            let ours = finish(&mut tx, &held, &answer).await.map_err(Problem::database)?;
            tx.commit().await.map_err(Problem::database)?;
            if ours { Ok(answer) } else { Err(idempotency::in_progress()) }
        }
        Err(error) => {
            let released = async {
                let mut tx = landlord.db.begin().await?;
                release(&mut tx, &held).await?;
                tx.commit().await
            };
            if let Err(error) = released.await {
                tracing::warn!(%error, scope = act.scope, "a key stays held until its lease ends");
            }
            Err(error.into())
        }
    }
}

/// The key among all owners' keys; as long as any other.
fn owned(owner: Uuid, key: &IdempotencyKey) -> IdempotencyKey {
    let digest = Sha256::digest(format!("{owner}:{}", key.0));
    IdempotencyKey(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
