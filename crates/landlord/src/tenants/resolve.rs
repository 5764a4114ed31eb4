//! Find the store behind a host name.

use kernel::db::LandlordDb;

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
