//! The SQL of accounts, sessions and refresh tokens.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;

use super::{Email, SessionId};
use crate::access::Account;

/// What a login is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub id: AccountId,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Is the account shut?
    pub disabled: bool,
}

/// A refresh token that came back.
#[derive(Debug)]
pub(super) struct Spent {
    pub(super) session: SessionId,
    pub(super) account: AccountId,
}

pub(super) async fn by_email(tx: &mut LandlordTx, email: &Email) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select id as "id: AccountId", password_hash, disabled_at is not null as "disabled!"
           from accounts where email = $1"#,
        email.as_str()
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn insert(tx: &mut LandlordTx, id: AccountId, email: &Email, hash: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into accounts (id, email, password_hash) values ($1, $2, $3) on conflict (email) do nothing",
        id.0,
        email.as_str(),
        hash
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn lock(tx: &mut LandlordTx, id: AccountId) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"select email_verified_at is not null as "verified!" from accounts
           where id = $1 and disabled_at is null for update"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn make_admin(tx: &mut LandlordTx, id: AccountId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update accounts set platform_admin = true, password_hash = $2, disabled_at = null, updated_at = now(),
             email_verified_at = coalesce(email_verified_at, now())
         where id = $1",
        id.0,
        hash
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert_session(
    tx: &mut LandlordTx,
    id: SessionId,
    account: AccountId,
    origin: &Origin,
    days: u32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions (id, account_id, ip, user_agent, ends_at)
         values ($1, $2, $3, $4, now() + $5 * interval '1 day')",
        id.0,
        account.0,
        origin.ip.map(|ip| ip.to_string()),
        origin.user_agent,
        f64::from(days)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn insert_refresh(
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
pub(super) async fn spend(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<Option<SessionId>> {
    sqlx::query_scalar!(
        r#"update refresh_tokens set used_at = now()
           where token_hash = $1 and used_at is null and expires_at > now()
           returning session_id as "session: SessionId""#,
        hash
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn spent_long_ago(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<Option<Spent>> {
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
pub(super) async fn touch(tx: &mut LandlordTx, session: SessionId) -> sqlx::Result<Option<AccountId>> {
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

pub(super) async fn alive(
    tx: &mut LandlordTx,
    session: SessionId,
    account: AccountId,
) -> sqlx::Result<Option<Account>> {
    sqlx::query_as!(
        Account,
        r#"select a.id as "id: AccountId", s.id as "session: SessionId", a.email,
               a.email_verified_at is not null as "email_verified!", a.platform_admin
           from sessions s join accounts a on a.id = s.account_id
           where s.id = $1 and a.id = $2 and s.revoked_at is null and s.ends_at > now() and a.disabled_at is null"#,
        session.0,
        account.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// False when it was revoked before.
pub(super) async fn revoke(tx: &mut LandlordTx, session: SessionId, because: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update sessions set revoked_at = now(), revoked_because = $2 where id = $1 and revoked_at is null",
        session.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn revoke_all(tx: &mut LandlordTx, account: AccountId, because: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set revoked_at = now(), revoked_because = $2 where account_id = $1 and revoked_at is null",
        account.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn sweep_tokens(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from refresh_tokens where expires_at < now() - interval '1 day'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn sweep_sessions(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from sessions where ends_at < now() - interval '1 day'").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
