//! The SQL of second factors, recovery codes and logins that wait for a code.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use uuid::Uuid;

/// The second factor of an account.
#[derive(Debug, Clone, Copy)]
pub(in crate::accounts) struct Factor {
    pub(in crate::accounts) id: Uuid,
    pub(in crate::accounts) confirmed: bool,
}

pub(in crate::accounts) async fn of(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<Option<Factor>> {
    sqlx::query_as!(
        Factor,
        r#"select id, confirmed_at is not null as "confirmed!" from second_factors where account_id = $1"#,
        account.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Begins anew, unless there is one that is confirmed. Says which one there is.
pub(in crate::accounts) async fn begin(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<Factor> {
    sqlx::query!(
        "insert into second_factors (account_id, id) values ($1, $2)
         on conflict (account_id) do update set id = excluded.id, created_at = now(), last_step = 0
         where second_factors.confirmed_at is null",
        account.0,
        Uuid::now_v7()
    )
    .execute(tx.conn())
    .await?;
    of(tx, account).await?.ok_or(sqlx::Error::RowNotFound)
}

/// False when somebody else was faster.
pub(in crate::accounts) async fn confirm(
    tx: &mut LandlordTx,
    account: AccountId,
    factor: Uuid,
    step: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update second_factors set confirmed_at = now(), last_step = $3
         where account_id = $1 and id = $2 and confirmed_at is null",
        account.0,
        factor,
        step
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses the code of a step up. False when it, or a later one, was used before.
pub(in crate::accounts) async fn spend_step(
    tx: &mut LandlordTx,
    account: AccountId,
    factor: Uuid,
    step: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update second_factors set last_step = $3
         where account_id = $1 and id = $2 and confirmed_at is not null and last_step < $3",
        account.0,
        factor,
        step
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn remove(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<()> {
    sqlx::query!("delete from second_factors where account_id = $1", account.0).execute(tx.conn()).await?;
    sqlx::query!("delete from recovery_codes where account_id = $1", account.0).execute(tx.conn()).await?;
    Ok(())
}

/// Replaces all recovery codes.
pub(in crate::accounts) async fn put_codes(
    tx: &mut LandlordTx,
    account: AccountId,
    hashes: &[Vec<u8>],
) -> sqlx::Result<()> {
    sqlx::query!("delete from recovery_codes where account_id = $1", account.0).execute(tx.conn()).await?;
    sqlx::query!(
        "insert into recovery_codes (account_id, code_hash) select $1, unnest($2::bytea[])",
        account.0,
        hashes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::accounts) async fn spend_code(
    tx: &mut LandlordTx,
    account: AccountId,
    hash: &[u8],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update recovery_codes set used_at = now() where account_id = $1 and code_hash = $2 and used_at is null",
        account.0,
        hash
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn codes_left(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from recovery_codes where account_id = $1 and used_at is null"#,
        account.0
    )
    .fetch_one(tx.conn())
    .await
}

pub(in crate::accounts) async fn insert_challenge(
    tx: &mut LandlordTx,
    hash: &[u8],
    account: AccountId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into login_challenges (token_hash, account_id, expires_at) values ($1, $2, now() + interval '5 minutes')",
        hash,
        account.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a try before its code is looked at, so that many at once gain nothing.
pub(in crate::accounts) async fn try_challenge(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"update login_challenges set tries = tries + 1
           where token_hash = $1 and tries < 5 and used_at is null and expires_at > now()
           returning account_id as "account: AccountId""#,
        hash
    )
    .fetch_optional(tx.conn())
    .await
}

/// False when it has led to a session before.
pub(in crate::accounts) async fn finish_challenge(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update login_challenges set used_at = now()
         where token_hash = $1 and used_at is null and expires_at > now()",
        hash
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn sweep(tx: &mut LandlordTx) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from login_challenges where expires_at < now() - interval '1 day'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
