//! Give one tenant more or less of a feature than its plan does.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{OverrideError, db};
use crate::audit::{self, Act};
use crate::changes;

/// What replaces the plan's word on one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Off means: not at all, whatever the limit says.
    pub enabled: bool,
    /// `None` is unlimited.
    pub limit: Option<i64>,
    /// `None` is for ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Sets or replaces the override of one feature.
pub async fn set_override(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    feature: &str,
    to: &Override,
) -> Result<(), OverrideError> {
    if to.limit.is_some_and(|limit| limit < 0) {
        return Err(OverrideError::Negative);
    }
    let set = db::set_override(tx, tenant, feature, to).await;
    set.map_err(|error| match error.as_database_error().and_then(|error| error.constraint()) {
        Some("feature_overrides_feature_fkey") => OverrideError::UnknownFeature,
        Some("feature_overrides_tenant_id_fkey") => OverrideError::UnknownTenant,
        Some(_) | None => error.into(),
    })?;
    changes::tell(tx, tenant).await?;
    let data = json!({"feature": feature, "enabled": to.enabled, "limit": to.limit, "expires_at": to.expires_at});
    let act = Act { action: "tenant.override_set", tenant: Some(tenant), account: None, data };
    audit::note(tx, origin, &act).await?;
    Ok(())
}

/// Lets the plan decide again.
pub async fn clear_override(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    feature: &str,
) -> Result<(), OverrideError> {
    if db::clear_override(tx, tenant, feature).await? {
        changes::tell(tx, tenant).await?;
        let data = json!({"feature": feature});
        let act = Act { action: "tenant.override_cleared", tenant: Some(tenant), account: None, data };
        audit::note(tx, origin, &act).await?;
    }
    Ok(())
}
