//! Look at a store's keys.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{ApiKey, ApiKeyId, db};

/// A store's keys, the newest first, those that were revoked among them.
pub async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    before: Option<ApiKeyId>,
    limit: i64,
) -> sqlx::Result<Vec<ApiKey>> {
    db::list(tx, tenant, None, before, limit).await
}
