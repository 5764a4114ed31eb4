//! Tells every node that what it knows of a tenant is out of date.
//!
//! Called with every change of a tenant, its domains, its subscription, or what it is entitled to, in the transaction
//! of the change: PostgreSQL delivers the message when that commits, and never if it does not.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

/// The channel; a message is a tenant's id.
pub const CHANNEL: &str = "souk_tenants";

/// Makes the tenant's version grow, and sends its id to whoever listens. Locks the tenant until the transaction ends.
pub async fn tell(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!("update tenants set version = version + 1, updated_at = now() where id = $1", tenant.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, tenant.to_string()).execute(tx.conn()).await?;
    Ok(())
}
