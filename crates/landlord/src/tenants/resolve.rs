//! Find a store: the one behind a host name, or the one that a job names.

use kernel::db::LandlordDb;
use kernel::id::TenantId;

use super::{Resolved, db};

/// The store that has exactly this host, in lower case and without port: a subdomain or a verified domain of its own.
pub async fn resolve(landlord: &LandlordDb, host: &str) -> sqlx::Result<Option<Resolved>> {
    // PostgreSQL's text cannot hold it, and no host has it.
    if host.contains('\0') {
        return Ok(None);
    }
    let mut tx = landlord.begin().await?;
    let found = db::by_host(&mut tx, host).await?;
    tx.commit().await?;
    Ok(found)
}

/// The store of a tenant, whatever its hosts.
pub async fn resolve_id(landlord: &LandlordDb, tenant: TenantId) -> sqlx::Result<Option<Resolved>> {
    let mut tx = landlord.begin().await?;
    let found = db::by_id(&mut tx, tenant).await?;
    tx.commit().await?;
    Ok(found)
}
