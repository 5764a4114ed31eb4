//! The SQL of idempotency keys.

use std::collections::HashMap;

use kernel::db::TenantTx;
use kernel::idempotency::{Answer, Fingerprint};
use uuid::Uuid;

/// A key as it stands.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// What was asked under it.
    pub fingerprint: Vec<u8>,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
    /// What the act made.
    pub subject: Option<Uuid>,
    /// Is somebody at work on it?
    pub leased: bool,
}

/// The right to finish a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Who and which route.
    pub scope: String,
    /// The client's key.
    pub key: String,
    /// Which lease.
    pub lease: i64,
}

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Who and which route.
    pub scope: String,
    /// The client's key.
    pub key: String,
    /// What is asked.
    pub fingerprint: Fingerprint,
    /// What the act made.
    pub subject: Option<Uuid>,
    /// The answer, if it is already known.
    pub answer: Option<Answer>,
}

/// A key as the database has it, be it expired or not.
#[derive(Debug)]
pub struct FoundKey {
    /// Who and which route.
    pub scope: String,
    /// The client's key.
    pub key: String,
    /// What was asked under it.
    pub fingerprint: Vec<u8>,
    /// What the act made.
    pub subject: Option<Uuid>,
    /// The answer's status, once there is one.
    pub status: Option<i32>,
    /// The answer's body.
    pub body: Option<String>,
    /// Is somebody at work on it?
    pub leased: bool,
    /// Is it finished, and too old to count?
    pub expired: bool,
}

/// Looks keys up. Finished ones that have expired count as never used, and go.
pub async fn find(
    tx: &mut TenantTx,
    scopes: &[String],
    keys: &[String],
) -> sqlx::Result<HashMap<(String, String), StoredKey>> {
    let rows = sqlx::query_as!(
        FoundKey,
        r#"select k.scope, k.key, k.fingerprint, k.subject, k.status, k.body,
                  k.leased_until > now() as "leased!",
                  (k.recovery_point = 'finished' and k.expires_at <= now()) as "expired!"
           from idempotency_keys as k
           join unnest($1::text[], $2::text[]) as u (scope, key) on k.scope = u.scope and k.key = u.key"#,
        scopes,
        keys,
    )
    .fetch_all(tx.conn())
    .await?;
    counted(tx, rows).await
}

/// Those of the keys that were found which count. Finished ones that have expired do not, and go.
pub async fn counted(tx: &mut TenantTx, rows: Vec<FoundKey>) -> sqlx::Result<HashMap<(String, String), StoredKey>> {
    let mut found = HashMap::new();
    let (mut old_scopes, mut old_keys) = (Vec::new(), Vec::new());
    for row in rows {
        if row.expired {
            old_scopes.push(row.scope);
            old_keys.push(row.key);
            continue;
        }
        let answer = row.status.zip(row.body).map(|(status, body)| Answer {
            status: u16::try_from(status).unwrap_or(500),
            body,
            replayed: true,
        });
        let stored = StoredKey { fingerprint: row.fingerprint, answer, subject: row.subject, leased: row.leased };
        found.insert((row.scope, row.key), stored);
    }
    if !old_keys.is_empty() {
        delete(tx, &old_scopes, &old_keys).await?;
    }
    Ok(found)
}

async fn delete(tx: &mut TenantTx, scopes: &[String], keys: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from idempotency_keys as k using unnest($1::text[], $2::text[]) as u (scope, key)
         where k.scope = u.scope and k.key = u.key",
        scopes,
        keys,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes keys: finished ones with their answers, others leased to us with lease 1. A key that is already there is
/// left as it is; returns how many were new.
pub async fn insert(tx: &mut TenantTx, keys: &[NewKey]) -> sqlx::Result<u64> {
    let scopes: Vec<String> = keys.iter().map(|key| key.scope.clone()).collect();
    let names: Vec<String> = keys.iter().map(|key| key.key.clone()).collect();
    let fingerprints: Vec<Vec<u8>> = keys.iter().map(|key| key.fingerprint.to_vec()).collect();
    let subjects: Vec<Option<Uuid>> = keys.iter().map(|key| key.subject).collect();
    let statuses: Vec<Option<i32>> =
        keys.iter().map(|key| key.answer.as_ref().map(|answer| i32::from(answer.status))).collect();
    let bodies: Vec<Option<String>> =
        keys.iter().map(|key| key.answer.as_ref().map(|answer| answer.body.clone())).collect();
    let done = sqlx::query!(
        "insert into idempotency_keys (scope, key, fingerprint, recovery_point, subject, status, body)
         select u.scope, u.key, u.fingerprint,
                case when u.status is not null then 'finished'
                     when u.subject is not null then 'order_created'
                     else 'started' end,
                u.subject, u.status, u.body
         from unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[], $5::int[], $6::text[])
              as u (scope, key, fingerprint, subject, status, body)
         on conflict (scope, key) do nothing",
        &scopes,
        &names,
        &fingerprints,
        &subjects as &[Option<Uuid>],
        &statuses as &[Option<i32>],
        &bodies as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Takes over an unfinished key whose lease has ended. `None` when somebody was quicker.
pub async fn claim_again(tx: &mut TenantTx, scope: &str, key: &str) -> sqlx::Result<Option<Claimed>> {
    let lease = sqlx::query_scalar!(
        "update idempotency_keys set lease = lease + 1, leased_until = now() + interval '30 seconds'
         where scope = $1 and key = $2 and recovery_point <> 'finished' and leased_until <= now()
         returning lease",
        scope,
        key,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(lease.map(|lease| Claimed { scope: scope.to_owned(), key: key.to_owned(), lease }))
}

/// Stores the answer. False when the lease was lost: then whoever has it answers.
pub async fn finish(tx: &mut TenantTx, claimed: &Claimed, answer: &Answer) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update idempotency_keys set recovery_point = 'finished', status = $4, body = $5
         where scope = $1 and key = $2 and lease = $3 and recovery_point <> 'finished'",
        claimed.scope,
        claimed.key,
        claimed.lease,
        i32::from(answer.status),
        answer.body,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back at once, for the next try with the same key.
pub async fn release(tx: &mut TenantTx, claimed: &Claimed) -> sqlx::Result<()> {
    sqlx::query!(
        "update idempotency_keys set leased_until = now()
         where scope = $1 and key = $2 and lease = $3 and recovery_point <> 'finished'",
        claimed.scope,
        claimed.key,
        claimed.lease,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets a key that produced nothing worth keeping.
pub(super) async fn abandon(tx: &mut TenantTx, claimed: &Claimed) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from idempotency_keys where scope = $1 and key = $2 and lease = $3 and recovery_point = 'started'",
        claimed.scope,
        claimed.key,
        claimed.lease,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn delete_expired(tx: &mut TenantTx) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from idempotency_keys where (scope, key) in (
             select scope, key from idempotency_keys
             where recovery_point = 'finished' and expires_at <= now() order by expires_at limit 1000)"
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
