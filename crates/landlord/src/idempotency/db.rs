//! The SQL of idempotency keys.

use kernel::db::LandlordTx;
use uuid::Uuid;

/// A key that is not free.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) fingerprint: Vec<u8>,
    pub(super) status: Option<i32>,
    pub(super) body: Option<String>,
}

/// Takes a key that is new, expired, or left behind by somebody who asked the same.
pub(super) async fn claim(
    tx: &mut LandlordTx,
    scope: &str,
    key: &str,
    fingerprint: &[u8],
) -> sqlx::Result<Option<(i64, Option<Uuid>)>> {
    let row = sqlx::query!(
        "insert into idempotency_keys as held (scope, key, fingerprint) values ($1, $2, $3)
         on conflict (scope, key) do update set
             fingerprint = excluded.fingerprint,
             subject = case when held.status is null then held.subject end,
             created_at = case when held.status is null then held.created_at else now() end,
             expires_at = case when held.status is null then held.expires_at else now() + interval '24 hours' end,
             leased_until = now() + interval '30 seconds', lease = held.lease + 1, status = null, body = null
         where (held.status is not null and held.expires_at <= now())
            or (held.status is null and held.leased_until <= now() and held.fingerprint = excluded.fingerprint)
         returning lease, subject",
        scope,
        key,
        fingerprint
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.lease, row.subject)))
}

pub(super) async fn read(tx: &mut LandlordTx, scope: &str, key: &str) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        Found,
        "select fingerprint, status, body from idempotency_keys where scope = $1 and key = $2",
        scope,
        key
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn attach(
    tx: &mut LandlordTx,
    scope: &str,
    key: &str,
    lease: i64,
    subject: Uuid,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update idempotency_keys set subject = $4 where scope = $1 and key = $2 and lease = $3 and status is null",
        scope,
        key,
        lease,
        subject
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn finish(
    tx: &mut LandlordTx,
    scope: &str,
    key: &str,
    lease: i64,
    status: i32,
    body: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update idempotency_keys set status = $4, body = $5
         where scope = $1 and key = $2 and lease = $3 and status is null",
        scope,
        key,
        lease,
        status,
        body
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn forget(tx: &mut LandlordTx, scope: &str, key: &str, lease: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from idempotency_keys
         where scope = $1 and key = $2 and lease = $3 and status is null and subject is null",
        scope,
        key,
        lease
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end_lease(tx: &mut LandlordTx, scope: &str, key: &str, lease: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update idempotency_keys set leased_until = now()
         where scope = $1 and key = $2 and lease = $3 and status is null",
        scope,
        key,
        lease
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn sweep(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from idempotency_keys where expires_at <= now() and leased_until <= now()
         and (status is not null or subject is null)"
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
