//! Look at a store's invitations.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{Invitation, InvitationId, db};

/// A store's invitations, the newest first.
pub async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    before: Option<InvitationId>,
    limit: i64,
) -> sqlx::Result<Vec<Invitation>> {
    db::list(tx, tenant, None, before, limit).await
}
