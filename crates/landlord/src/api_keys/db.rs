//! The SQL of API keys.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};
use kernel::role::Role;

use super::{ApiKey, ApiKeyId, ApiKeyKind};

/// A key that was shown and lives.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) id: ApiKeyId,
    pub(super) role: Role,
    pub(super) scopes: Vec<String>,
    /// Was its use noted within the last minute?
    pub(super) noted: bool,
}

/// What a new key is made of.
pub(super) struct New<'a> {
    pub(super) id: ApiKeyId,
    pub(super) tenant: TenantId,
    pub(super) kind: ApiKeyKind,
    pub(super) name: &'a str,
    pub(super) shown: &'a str,
    pub(super) hash: &'a [u8],
    pub(super) scopes: &'a [String],
    pub(super) role: Role,
    pub(super) by: AccountId,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert(tx: &mut LandlordTx, new: &New<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into api_keys (id, tenant_id, kind, name, shown, key_hash, scopes, role, created_by, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id.0,
        new.tenant.0,
        new.kind as _,
        new.name,
        new.shown,
        new.hash,
        new.scopes,
        new.role.name(),
        new.by.0,
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn living(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_keys
           where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())"#,
        tenant.0
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn shown(
    tx: &mut LandlordTx,
    tenant: TenantId,
    kind: ApiKeyKind,
    hash: &[u8],
) -> sqlx::Result<Option<Shown>> {
    sqlx::query_as!(
        Shown,
        r#"select id as "id: ApiKeyId", role as "role: Role", scopes,
               coalesce(last_used_at > now() - interval '1 minute', false) as "noted!"
           from api_keys
           where key_hash = $3 and tenant_id = $1 and kind = $2 and revoked_at is null
             and (expires_at is null or expires_at > now())"#,
        tenant.0,
        kind as _,
        hash
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn touch(tx: &mut LandlordTx, id: ApiKeyId, ip: Option<String>) -> sqlx::Result<()> {
    sqlx::query!(
        "update api_keys set last_used_at = now(), last_used_ip = $2
         where id = $1 and (last_used_at is null or last_used_at <= now() - interval '1 minute')",
        id.0,
        ip
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// False when it was revoked before.
pub(super) async fn revoke(tx: &mut LandlordTx, tenant: TenantId, id: ApiKeyId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update api_keys set revoked_at = now() where id = $2 and tenant_id = $1 and revoked_at is null",
        tenant.0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets it end after so many hours, or earlier if it was to. False when it does not live.
pub(super) async fn expire(tx: &mut LandlordTx, id: ApiKeyId, hours: u32) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update api_keys set expires_at = least(expires_at, now() + $2 * interval '1 hour')
         where id = $1 and revoked_at is null and (expires_at is null or expires_at > now())",
        id.0,
        f64::from(hours)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A key and the role that it was made with.
pub(super) async fn find(tx: &mut LandlordTx, tenant: TenantId, id: ApiKeyId) -> sqlx::Result<Option<(ApiKey, Role)>> {
    let role = sqlx::query_scalar!(
        r#"select role as "role: Role" from api_keys where id = $2 and tenant_id = $1 for update"#,
        tenant.0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(role) = role else { return Ok(None) };
    Ok(list(tx, tenant, Some(id), None, 1).await?.pop().map(|key| (key, role)))
}

pub(super) async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    only: Option<ApiKeyId>,
    before: Option<ApiKeyId>,
    limit: i64,
) -> sqlx::Result<Vec<ApiKey>> {
    sqlx::query_as!(
        ApiKey,
        r#"select id as "id: ApiKeyId", kind as "kind: ApiKeyKind", name, shown, scopes, created_at, expires_at,
               last_used_at, last_used_ip, revoked_at
           from api_keys
           where tenant_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id < $3)
           order by id desc limit $4"#,
        tenant.0,
        only.map(|only| only.0),
        before.map(|before| before.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}
