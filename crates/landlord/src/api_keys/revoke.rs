//! Revoke a key.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{ApiKeyError, ApiKeyId, db};
use crate::audit::{self, Act};

/// From its next request on the key opens nothing. A second time changes nothing.
pub async fn revoke(tx: &mut LandlordTx, origin: &Origin, tenant: TenantId, id: ApiKeyId) -> Result<(), ApiKeyError> {
    if db::revoke(tx, tenant, id).await? {
        let data = json!({"api_key": id});
        let act = Act { action: "api_key.revoked", tenant: Some(tenant), account: None, data };
        audit::note(tx, origin, &act).await?;
        return Ok(());
    }
    db::find(tx, tenant, id).await?.map(drop).ok_or(ApiKeyError::NotFound)
}
