//! The SQL of invitations.

use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};
use kernel::role::Role;

use super::{Invitation, InvitationId, InvitationState};
use crate::accounts::Email;

/// An invitation whose link was followed, or that is to be sent again.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: InvitationId,
    pub(super) tenant: TenantId,
    pub(super) email: Email,
    pub(super) role: Role,
}

/// What a new or renewed invitation is made of.
pub(super) struct New<'a> {
    pub(super) id: InvitationId,
    pub(super) tenant: TenantId,
    pub(super) email: &'a Email,
    pub(super) role: Role,
    pub(super) by: AccountId,
    pub(super) hash: &'a [u8],
}

pub(super) async fn insert(tx: &mut LandlordTx, new: &New<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into invitations (id, tenant_id, email, role, invited_by, token_hash, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + interval '7 days')",
        new.id.0,
        new.tenant.0,
        new.email.as_str(),
        new.role.name(),
        new.by.0,
        new.hash
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Clears away one to this address that nobody can accept any more.
pub(super) async fn clear_expired(tx: &mut LandlordTx, tenant: TenantId, email: &Email) -> sqlx::Result<()> {
    sqlx::query!(
        "update invitations set revoked_at = now()
         where tenant_id = $1 and email = $2 and accepted_at is null and revoked_at is null and expires_at <= now()",
        tenant.0,
        email.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn is_open(tx: &mut LandlordTx, tenant: TenantId, email: &Email) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from invitations
               where tenant_id = $1 and email = $2 and accepted_at is null and revoked_at is null) as "exists!""#,
        tenant.0,
        email.as_str()
    )
    .fetch_one(tx.conn())
    .await
}

/// How many letters the store's invitations took within the last day.
pub(super) async fn letters_today(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(letters), 0)::bigint as "sum!" from invitations
           where tenant_id = $1 and sent_at > now() - interval '1 day'"#,
        tenant.0
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn is_member(tx: &mut LandlordTx, tenant: TenantId, email: &Email) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from memberships m join accounts a on a.id = m.account_id
               where m.tenant_id = $1 and a.email = $2) as "exists!""#,
        tenant.0,
        email.as_str()
    )
    .fetch_one(tx.conn())
    .await
}

/// One that is neither accepted nor revoked, expired or not, with the number of its letters.
pub(super) async fn pending(
    tx: &mut LandlordTx,
    tenant: TenantId,
    id: InvitationId,
) -> sqlx::Result<Option<(Found, i32, bool)>> {
    let row = sqlx::query!(
        r#"select id as "id: InvitationId", tenant_id as "tenant: TenantId", email as "email: Email",
               role as "role: Role", letters, expires_at <= now() as "expired!"
           from invitations
           where id = $2 and tenant_id = $1 and accepted_at is null and revoked_at is null for update"#,
        tenant.0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        (Found { id: row.id, tenant: row.tenant, email: row.email, role: row.role }, row.letters, row.expired)
    }))
}

pub(super) async fn exists(tx: &mut LandlordTx, tenant: TenantId, id: InvitationId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from invitations where id = $2 and tenant_id = $1) as "exists!""#,
        tenant.0,
        id.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Another link, for another seven days. The one before is void.
pub(super) async fn renew(tx: &mut LandlordTx, id: InvitationId, hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "update invitations set token_hash = $2, letters = letters + 1, sent_at = now(),
             expires_at = now() + interval '7 days'
         where id = $1",
        id.0,
        hash
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn revoke(tx: &mut LandlordTx, tenant: TenantId, id: InvitationId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update invitations set revoked_at = now()
         where id = $2 and tenant_id = $1 and accepted_at is null and revoked_at is null",
        tenant.0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The invitation of a link that still works.
pub(super) async fn by_token(tx: &mut LandlordTx, hash: &[u8]) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        Found,
        r#"select i.id as "id: InvitationId", i.tenant_id as "tenant: TenantId", i.email as "email: Email",
               i.role as "role: Role"
           from invitations i join tenants t on t.id = i.tenant_id
           where i.token_hash = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
             and t.state not in ('closing', 'closed')"#,
        hash
    )
    .fetch_optional(tx.conn())
    .await
}

/// False when somebody was faster.
pub(super) async fn accept(
    tx: &mut LandlordTx,
    id: InvitationId,
    hash: &[u8],
    account: AccountId,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update invitations set accepted_at = now(), accepted_by = $3
         where id = $1 and token_hash = $2 and accepted_at is null and revoked_at is null and expires_at > now()",
        id.0,
        hash,
        account.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The store that somebody is invited to: slug and name.
pub(super) async fn store(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<(String, String)> {
    let row = sqlx::query!("select slug, name from tenants where id = $1", tenant.0).fetch_one(tx.conn()).await?;
    Ok((row.slug, row.name))
}

pub(super) async fn find(tx: &mut LandlordTx, tenant: TenantId, id: InvitationId) -> sqlx::Result<Option<Invitation>> {
    Ok(list(tx, tenant, Some(id), None, 1).await?.pop())
}

pub(super) async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    only: Option<InvitationId>,
    before: Option<InvitationId>,
    limit: i64,
) -> sqlx::Result<Vec<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"select i.id as "id: InvitationId", i.email, i.role as "role: Role",
               case when i.accepted_at is not null then 'accepted' when i.revoked_at is not null then 'revoked'
                    when i.expires_at <= now() then 'expired' else 'open' end as "state!: InvitationState",
               a.email as invited_by, i.sent_at, i.expires_at, i.created_at
           from invitations i join accounts a on a.id = i.invited_by
           where i.tenant_id = $1 and ($2::uuid is null or i.id = $2) and ($3::uuid is null or i.id < $3)
           order by i.id desc limit $4"#,
        tenant.0,
        only.map(|only| only.0),
        before.map(|before| before.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}
