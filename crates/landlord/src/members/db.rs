//! The SQL of members.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};
use kernel::role::Role;
use serde::Serialize;

use crate::accounts::Email;

/// Somebody who works in a store.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Member {
    /// Who.
    pub account_id: AccountId,
    /// Where letters reach them.
    pub email: String,
    /// Their name for people.
    pub name: Option<String>,
    /// As what.
    pub role: Role,
    /// Does their login take a code beside the password?
    pub second_factor: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Locks the store until the transaction ends. Says its name; none when it does not exist or is closed.
pub(super) async fn lock(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select name from tenants where id = $1 and state <> 'closed' for update", tenant.0)
        .fetch_optional(tx.conn())
        .await
}

pub(super) async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    after: Option<AccountId>,
    limit: i64,
) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as!(
        Member,
        r#"select m.account_id as "account_id: AccountId", a.email, a.name, m.role as "role: Role",
               f.confirmed_at is not null as "second_factor!", m.created_at
           from memberships m
           join accounts a on a.id = m.account_id
           left join second_factors f on f.account_id = a.id
           where m.tenant_id = $1 and ($2::uuid is null or m.account_id > $2)
           order by m.account_id limit $3"#,
        tenant.0,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn find(
    tx: &mut LandlordTx,
    tenant: TenantId,
    account: AccountId,
) -> sqlx::Result<Option<(Role, Email)>> {
    let row = sqlx::query!(
        r#"select m.role as "role: Role", a.email as "email: Email" from memberships m
           join accounts a on a.id = m.account_id where m.tenant_id = $1 and m.account_id = $2"#,
        tenant.0,
        account.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.role, row.email)))
}

/// How many could still act as owner.
pub(super) async fn owners(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from memberships m join accounts a on a.id = m.account_id
           where m.tenant_id = $1 and m.role = 'owner' and a.disabled_at is null"#,
        tenant.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Members, and invitations that may still be accepted.
pub(super) async fn seats(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select (select count(*) from memberships where tenant_id = $1)
               + (select count(*) from invitations
                  where tenant_id = $1 and accepted_at is null and revoked_at is null and expires_at > now())
               as "count!""#,
        tenant.0
    )
    .fetch_one(tx.conn())
    .await
}

/// False when the account has a role there.
pub(super) async fn insert(
    tx: &mut LandlordTx,
    tenant: TenantId,
    account: AccountId,
    role: Role,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into memberships (account_id, tenant_id, role) values ($1, $2, $3) on conflict do nothing",
        account.0,
        tenant.0,
        role.name()
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_role(
    tx: &mut LandlordTx,
    tenant: TenantId,
    account: AccountId,
    from: Role,
    to: Role,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update memberships set role = $4 where account_id = $1 and tenant_id = $2 and role = $3",
        account.0,
        tenant.0,
        from.name(),
        to.name()
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete(tx: &mut LandlordTx, tenant: TenantId, account: AccountId) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from memberships where account_id = $1 and tenant_id = $2", account.0, tenant.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}
