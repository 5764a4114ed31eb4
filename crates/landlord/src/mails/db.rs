//! The SQL of letters.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use serde_json::Value;

use super::{MailCounts, MailId, MailRow, MailState, NewMail};
use crate::accounts::Email;

/// A letter that is ours to send until its lease ends.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: MailId,
    pub(super) recipient: Email,
    pub(super) kind: String,
    pub(super) data: Value,
    pub(super) attempts: i32,
    pub(super) lease: i64,
    pub(super) request_id: String,
}

/// False when one with the same key is there.
pub(super) async fn insert(
    tx: &mut LandlordTx,
    id: MailId,
    kind: &str,
    data: &Value,
    new: &NewMail,
    request_id: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into mails (id, recipient, kind, data, dedup_key, tenant_id, account_id, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (dedup_key) where dedup_key is not null do nothing",
        id.0,
        new.to.as_str(),
        kind,
        data,
        new.dedup,
        new.tenant.map(|tenant| tenant.0),
        new.account.map(|account| account.0),
        request_id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes letters that are due, those of one recipient if one is given, for so many seconds.
pub(super) async fn claim(
    tx: &mut LandlordTx,
    only: Option<&str>,
    limit: i64,
    lease_seconds: f64,
) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"with due as (
               select id from mails
               where state = 'waiting' and next_at <= now() and ($1::text is null or recipient = $1)
               order by next_at limit $2 for update skip locked)
           update mails set attempts = attempts + 1, lease = lease + 1, next_at = now() + $3 * interval '1 second'
           from due where mails.id = due.id
           returning mails.id as "id: MailId", recipient as "recipient: Email", kind, data, attempts, lease, request_id"#,
        only,
        limit,
        lease_seconds
    )
    .fetch_all(tx.conn())
    .await
}

/// False when somebody else has it by now.
pub(super) async fn sent(tx: &mut LandlordTx, id: MailId, lease: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update mails set state = 'sent', sent_at = now(), last_error = null
         where id = $1 and lease = $2 and state = 'waiting'",
        id.0,
        lease
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Without a delay it is given up. False when somebody else has it by now.
pub(super) async fn failed(
    tx: &mut LandlordTx,
    id: MailId,
    lease: i64,
    error: &str,
    again_after: Option<f64>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update mails set last_error = $3, state = case when $4::float8 is null then 'dead' else 'waiting' end,
             next_at = now() + coalesce($4, 0) * interval '1 second'
         where id = $1 and lease = $2 and state = 'waiting'",
        id.0,
        lease,
        error,
        again_after
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn revive(tx: &mut LandlordTx, id: MailId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update mails set state = 'waiting', attempts = 0, next_at = now() where id = $1 and state = 'dead'",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn revive_all(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("update mails set state = 'waiting', attempts = 0, next_at = now() where state = 'dead'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn exists(tx: &mut LandlordTx, id: MailId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from mails where id = $1) as "exists!""#, id.0)
        .fetch_one(tx.conn())
        .await
}

pub(super) async fn list(
    tx: &mut LandlordTx,
    state: MailState,
    after: Option<MailId>,
    limit: i64,
) -> sqlx::Result<Vec<MailRow>> {
    sqlx::query_as!(
        MailRow,
        r#"select id as "id: MailId", recipient, kind, state as "state: MailState", attempts, next_at, last_error,
               tenant_id as "tenant_id: TenantId", created_at, sent_at
           from mails where state = $1 and ($2::uuid is null or id > $2) order by id limit $3"#,
        state as _,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn count(tx: &mut LandlordTx) -> sqlx::Result<MailCounts> {
    sqlx::query_as!(
        MailCounts,
        r#"select (select count(*) from mails where state = 'waiting') as "waiting!",
               (select count(*) from mails where state = 'dead') as "dead!""#
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn sweep(tx: &mut LandlordTx, days: u32) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from mails where id in (
             select id from mails where state <> 'waiting' and created_at < now() - $1 * interval '1 day' limit 10000)",
        f64::from(days)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
