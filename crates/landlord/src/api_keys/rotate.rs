//! Replace a key by another while both work for a while.

use kernel::db::retrying;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use serde::Deserialize;
use serde_json::json;

use super::create::{Wanted, insert};
use super::{ApiKeyError, ApiKeyId, NewApiKey, db};
use crate::audit::{self, Act};
use crate::members;
use crate::platform::Landlord;

/// For how long both work when it is not said.
const OVERLAP_HOURS: u32 = 24;

/// How it is replaced.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateApiKey {
    /// Hours for which the old one still works, 24 when not given; 0 ends it at once.
    #[garde(range(max = 168))]
    #[schema(maximum = 168)]
    pub overlap_hours: Option<u32>,
}

/// Makes a key with the same name, scopes and end, and lets the old one end after the overlap.
pub async fn rotate(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    by: AccountId,
    id: ApiKeyId,
    request: &RotateApiKey,
) -> Result<NewApiKey, ApiKeyError> {
    let hours = request.overlap_hours.unwrap_or(OVERLAP_HOURS);
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        members::lock(&mut tx, tenant).await?;
        let (old, role) = db::find(&mut tx, tenant, id).await?.ok_or(ApiKeyError::NotFound)?;
        if !db::expire(&mut tx, id, hours).await? {
            return Err(ApiKeyError::Over);
        }
        let wanted = Wanted {
            tenant,
            kind: old.kind,
            name: &old.name,
            scopes: &old.scopes,
            role,
            by,
            expires_at: old.expires_at,
        };
        let made = insert(&mut tx, &wanted).await?;
        let data = json!({"api_key": id, "by": made.api_key.id, "overlap_hours": hours});
        let act = Act { action: "api_key.rotated", tenant: Some(tenant), account: None, data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}
