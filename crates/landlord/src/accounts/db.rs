//! The SQL of accounts; and, below, of sessions, of tokens in letters and of second factors.

pub(super) mod factors;
mod sessions;
pub(super) mod tokens;

use kernel::db::LandlordTx;
use kernel::id::AccountId;

use super::Email;
pub(super) use sessions::{
    Life, Spent, alive, insert_refresh, insert_session, note_factor, revoke, revoke_all, revoke_others, revoke_own,
    sessions_of, spend, spent_long_ago, sweep_sessions, sweep_tokens, touch,
};

/// What a login is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub id: AccountId,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Is the account shut?
    pub disabled: bool,
    /// Does a login take a code beside the password?
    pub second_factor: bool,
}

/// An account that somebody is about to change.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) email: Email,
    pub(super) verified: bool,
}

pub(super) async fn by_email(tx: &mut LandlordTx, email: &Email) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select a.id as "id: AccountId", a.password_hash, a.disabled_at is not null as "disabled!",
               f.confirmed_at is not null as "second_factor!"
           from accounts a left join second_factors f on f.account_id = a.id where a.email = $1"#,
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

pub(super) async fn lock(tx: &mut LandlordTx, id: AccountId) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select email as "email: Email", email_verified_at is not null as "verified!"
           from accounts where id = $1 and disabled_at is null for update"#,
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

pub(super) async fn set_password(tx: &mut LandlordTx, id: AccountId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update accounts set password_hash = $2, password_changed_at = now(), updated_at = now() where id = $1",
        id.0,
        hash
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Shows that the address is theirs. False when the account has another by now.
pub(super) async fn verify_email(tx: &mut LandlordTx, id: AccountId, email: &Email) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update accounts set email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
         where id = $1 and email = $2 and disabled_at is null",
        id.0,
        email.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False when somebody else has the address.
pub(super) async fn set_email(tx: &mut LandlordTx, id: AccountId, email: &Email) -> sqlx::Result<bool> {
    let set = sqlx::query!(
        "update accounts set email = $2, email_verified_at = now(), updated_at = now() where id = $1",
        id.0,
        email.as_str()
    )
    .execute(tx.conn())
    .await;
    match set {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("accounts_email") => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) async fn set_name(tx: &mut LandlordTx, id: AccountId, name: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!("update accounts set name = $2, updated_at = now() where id = $1", id.0, name)
        .execute(tx.conn())
        .await?;
    Ok(())
}
