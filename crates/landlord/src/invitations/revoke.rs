//! Take an invitation back.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{InvitationError, InvitationId, db};
use crate::audit::{self, Act};

/// From now on its link opens nothing.
pub async fn revoke(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    id: InvitationId,
) -> Result<(), InvitationError> {
    if !db::revoke(tx, tenant, id).await? {
        return Err(if db::exists(tx, tenant, id).await? { InvitationError::Over } else { InvitationError::NotFound });
    }
    let data = json!({"invitation": id});
    let act = Act { action: "staff.invitation_revoked", tenant: Some(tenant), account: None, data };
    audit::note(tx, origin, &act).await?;
    Ok(())
}
