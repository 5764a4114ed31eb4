//! The SQL of sessions and refresh tokens.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;

use crate::access::Account;
use crate::accounts::{SessionId, SessionView};

/// A refresh token that came back.
#[derive(Debug)]
pub(in crate::accounts) struct Spent {
    pub(in crate::accounts) session: SessionId,
    pub(in crate::accounts) account: AccountId,
}

/// How long a session lives, and how its owner was recognised.
#[derive(Debug, Clone, Copy)]
pub(in crate::accounts) struct Life {
    pub(in crate::accounts) days: u32,
    pub(in crate::accounts) admin_hours: u32,
    pub(in crate::accounts) second_factor: bool,
}

pub(in crate::accounts) async fn insert_session(
    tx: &mut LandlordTx,
    id: SessionId,
    account: AccountId,
    origin: &Origin,
    life: Life,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions (id, account_id, ip, user_agent, second_factor_at, ends_at)
         select $1, id, $3, $4, case when $7 then now() end,
             now() + case when platform_admin then $6 * interval '1 hour' else $5 * interval '1 day' end
         from accounts where id = $2",
        id.0,
        account.0,
        origin.ip.map(|ip| ip.to_string()),
        origin.user_agent,
        f64::from(life.days),
        f64::from(life.admin_hours),
        life.second_factor
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::accounts) async fn insert_refresh(
    tx: &mut LandlordTx,
    session: SessionId,
    hash: &[u8],
    days: u32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into refresh_tokens (token_hash, session_id, expires_at)
         select $1, id, least(now() + $3 * interval '1 day', ends_at) from sessions where id = $2",
        hash,
        session.0,
        f64::from(days)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses a token up. Of two at once, the second waits and finds it used.
pub(in crate::accounts) async fn spend(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<Option<SessionId>> {
    sqlx::query_scalar!(
        r#"update refresh_tokens set used_at = now()
           where token_hash = $1 and used_at is null and expires_at > now()
           returning session_id as "session: SessionId""#,
        hash
    )
    .fetch_optional(tx.conn())
    .await
}

pub(in crate::accounts) async fn spent_long_ago(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<Option<Spent>> {
    sqlx::query_as!(
        Spent,
        r#"select s.id as "session: SessionId", s.account_id as "account: AccountId"
           from refresh_tokens r join sessions s on s.id = r.session_id
           where r.token_hash = $1 and r.used_at <= now() - interval '10 seconds'"#,
        hash
    )
    .fetch_optional(tx.conn())
    .await
}

/// Notes that a living session is in use; says whose it is.
pub(in crate::accounts) async fn touch(tx: &mut LandlordTx, session: SessionId) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"update sessions s set used_at = now() from accounts a
           where s.id = $1 and s.revoked_at is null and s.ends_at > now()
             and a.id = s.account_id and a.disabled_at is null
           returning s.account_id as "account: AccountId""#,
        session.0
    )
    .fetch_optional(tx.conn())
    .await
}

pub(in crate::accounts) async fn alive(
    tx: &mut LandlordTx,
    session: SessionId,
    account: AccountId,
) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        Account,
        r#"select a.id as "id: AccountId", s.id as "session: SessionId", a.email, a.name,
               a.email_verified_at is not null as "email_verified!", a.platform_admin,
               s.second_factor_at is not null as "second_factor_shown!",
               f.confirmed_at is not null as "second_factor!"
           from sessions s join accounts a on a.id = s.account_id
           left join second_factors f on f.account_id = a.id
           where s.id = $1 and a.id = $2 and s.revoked_at is null and s.ends_at > now() and a.disabled_at is null"#,
        session.0,
        account.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// False when it was revoked before.
pub(in crate::accounts) async fn revoke(tx: &mut LandlordTx, session: SessionId, because: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update sessions set revoked_at = now(), revoked_because = $2 where id = $1 and revoked_at is null",
        session.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn revoke_all(
    tx: &mut LandlordTx,
    account: AccountId,
    because: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set revoked_at = now(), revoked_because = $2 where account_id = $1 and revoked_at is null",
        account.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All sessions of an account but one. Says how many.
pub(in crate::accounts) async fn revoke_others(
    tx: &mut LandlordTx,
    account: AccountId,
    keep: SessionId,
    because: &str,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update sessions set revoked_at = now(), revoked_because = $3
         where account_id = $1 and id <> $2 and revoked_at is null",
        account.0,
        keep.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// One of an account's own sessions. False when it is not, or was revoked before.
pub(in crate::accounts) async fn revoke_own(
    tx: &mut LandlordTx,
    account: AccountId,
    session: SessionId,
    because: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update sessions set revoked_at = now(), revoked_because = $3
         where account_id = $1 and id = $2 and revoked_at is null and ends_at > now()",
        account.0,
        session.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The second factor was shown in this session.
pub(in crate::accounts) async fn note_factor(tx: &mut LandlordTx, session: SessionId) -> sqlx::Result<()> {
    sqlx::query!("update sessions set second_factor_at = now() where id = $1", session.0).execute(tx.conn()).await?;
    Ok(())
}

pub(in crate::accounts) async fn sessions_of(
    tx: &mut LandlordTx,
    account: AccountId,
    current: SessionId,
    after: Option<SessionId>,
    limit: i64,
) -> sqlx::Result<Vec<SessionView>> {
    sqlx::query_as!(
        SessionView,
        r#"select id as "id: SessionId", id = $2 as "current!", ip, user_agent, created_at, used_at, ends_at
           from sessions
           where account_id = $1 and revoked_at is null and ends_at > now() and ($3::uuid is null or id < $3)
           order by id desc limit $4"#,
        account.0,
        current.0,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(in crate::accounts) async fn sweep_tokens(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from refresh_tokens where expires_at < now() - interval '1 day'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

pub(in crate::accounts) async fn sweep_sessions(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from sessions where ends_at < now() - interval '1 day'").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
