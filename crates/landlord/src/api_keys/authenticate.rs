//! Find out what a key opens.

use std::net::IpAddr;

use kernel::id::TenantId;
use kernel::role::Role;
use kernel::secret;

use super::db::{self, Shown};
use super::{ApiKeyId, ApiKeyKind};
use crate::platform::Landlord;

/// Who shows a secret key.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Which key.
    pub id: ApiKeyId,
    /// As what it acts.
    pub role: Role,
    /// And of that, what it may.
    pub scopes: Vec<String>,
}

/// What a secret key opens in this store; nothing when it is another store's, was revoked, or has expired. Asked of the
/// database on every request; its use is written down once a minute at most.
pub async fn authenticate(
    landlord: &Landlord,
    tenant: TenantId,
    key: &str,
    ip: Option<IpAddr>,
) -> sqlx::Result<Option<Holder>> {
    let shown = show(landlord, tenant, ApiKeyKind::Secret, key, ip).await?;
    Ok(shown.map(|Shown { id, role, scopes, noted: _ }| Holder { id, role, scopes }))
}

/// Is this a publishable key of this store that lives?
pub async fn is_publishable(
    landlord: &Landlord,
    tenant: TenantId,
    key: &str,
    ip: Option<IpAddr>,
) -> sqlx::Result<bool> {
    Ok(show(landlord, tenant, ApiKeyKind::Publishable, key, ip).await?.is_some())
}

async fn show(
    landlord: &Landlord,
    tenant: TenantId,
    kind: ApiKeyKind,
    key: &str,
    ip: Option<IpAddr>,
) -> sqlx::Result<Option<Shown>> {
    if !key.starts_with(kind.prefix()) || key.len() > 100 {
        return Ok(None);
    }
    let mut tx = landlord.db.begin().await?;
    let shown = db::shown(&mut tx, tenant, kind, &secret::hash(key)).await?;
    if let Some(found) = shown.as_ref().filter(|found| !found.noted) {
        db::touch(&mut tx, found.id, ip.map(|ip| ip.to_string())).await?;
    }
    tx.commit().await?;
    Ok(shown)
}
