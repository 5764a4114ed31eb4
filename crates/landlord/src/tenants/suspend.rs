//! Stop a store, and let it trade again.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{Step, TenantError, db};
use crate::audit::{self, Act};
use crate::changes;

/// Stops an active store: shoppers and staff are refused, payments in flight still settle.
pub async fn suspend(tx: &mut LandlordTx, origin: &Origin, tenant: TenantId, reason: &str) -> Result<(), TenantError> {
    step(tx, origin, tenant, Step::Suspend, "tenant.suspended", reason).await
}

/// Lets a suspended store trade again.
pub async fn resume(tx: &mut LandlordTx, origin: &Origin, tenant: TenantId, reason: &str) -> Result<(), TenantError> {
    step(tx, origin, tenant, Step::Resume, "tenant.resumed", reason).await
}

async fn step(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    step: Step,
    action: &'static str,
    reason: &str,
) -> Result<(), TenantError> {
    let state = db::lock(tx, tenant).await?.ok_or(TenantError::NotFound)?;
    let next = state.after(step)?;
    db::set_state(tx, tenant, state, next).await?;
    changes::tell(tx, tenant).await?;
    let data = json!({"before": state, "after": next, "reason": reason});
    audit::note(tx, origin, &Act { action, tenant: Some(tenant), account: None, data }).await?;
    Ok(())
}
