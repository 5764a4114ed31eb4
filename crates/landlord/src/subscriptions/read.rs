//! Read a subscription.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{Kept, db};

/// As it is stored.
pub async fn read(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Kept>> {
    db::read(tx, tenant).await
}

/// The same, and locks it until the transaction ends.
pub async fn lock(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Kept>> {
    db::lock(tx, tenant).await?;
    db::read(tx, tenant).await
}
