//! The SQL of what links in letters prove.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use uuid::Uuid;

use crate::accounts::Email;

/// A token that came back and still holds.
#[derive(Debug)]
pub(in crate::accounts) struct Proven {
    pub(in crate::accounts) account: AccountId,
    /// Where it was sent.
    pub(in crate::accounts) email: Email,
}

/// How many were asked for within the last hour.
pub(in crate::accounts) async fn recent(tx: &mut LandlordTx, account: AccountId, purpose: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from account_tokens
           where account_id = $1 and purpose = $2 and created_at > now() - interval '1 hour'"#,
        account.0,
        purpose
    )
    .fetch_one(tx.conn())
    .await
}

/// From now on none of these is worth anything.
pub(in crate::accounts) async fn void(tx: &mut LandlordTx, account: AccountId, purpose: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update account_tokens set void_at = now()
         where account_id = $1 and purpose = $2 and used_at is null and void_at is null",
        account.0,
        purpose
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a new token is made of.
pub(in crate::accounts) struct NewToken<'a> {
    pub(in crate::accounts) id: Uuid,
    pub(in crate::accounts) purpose: &'a str,
    pub(in crate::accounts) hash: &'a [u8],
    pub(in crate::accounts) email: &'a Email,
    pub(in crate::accounts) minutes: u32,
}

/// Without such an account nothing is written, in the same time.
pub(in crate::accounts) async fn insert(
    tx: &mut LandlordTx,
    account: AccountId,
    new: &NewToken<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into account_tokens (id, account_id, purpose, token_hash, email, expires_at)
         select $1, id, $3, $4, $5, now() + $6 * interval '1 minute' from accounts where id = $2",
        new.id,
        account.0,
        new.purpose,
        new.hash,
        new.email.as_str(),
        f64::from(new.minutes)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The account of a token that still holds; it is not used up.
pub(in crate::accounts) async fn look(tx: &mut LandlordTx, purpose: &str, hash: &[u8]) -> sqlx::Result<Option<Proven>> {
    sqlx::query_as!(
        Proven,
        r#"select account_id as "account: AccountId", email as "email: Email" from account_tokens
           where token_hash = $1 and purpose = $2 and used_at is null and void_at is null and expires_at > now()"#,
        hash,
        purpose
    )
    .fetch_optional(tx.conn())
    .await
}

/// Uses a token up. Of two at once, the second waits and finds it used.
pub(in crate::accounts) async fn spend(
    tx: &mut LandlordTx,
    purpose: &str,
    hash: &[u8],
) -> sqlx::Result<Option<Proven>> {
    sqlx::query_as!(
        Proven,
        r#"update account_tokens set used_at = now()
           where token_hash = $1 and purpose = $2 and used_at is null and void_at is null and expires_at > now()
           returning account_id as "account: AccountId", email as "email: Email""#,
        hash,
        purpose
    )
    .fetch_optional(tx.conn())
    .await
}

/// Was this token used before, for the address that its account has?
pub(in crate::accounts) async fn was_spent(tx: &mut LandlordTx, purpose: &str, hash: &[u8]) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from account_tokens t join accounts a on a.id = t.account_id and a.email = t.email
               where t.token_hash = $1 and t.purpose = $2 and t.used_at is not null
                 and a.email_verified_at is not null) as "exists!""#,
        hash,
        purpose
    )
    .fetch_one(tx.conn())
    .await
}

pub(in crate::accounts) async fn sweep(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from account_tokens where expires_at < now() - interval '1 day'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
