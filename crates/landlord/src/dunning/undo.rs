//! A store has paid.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{Stage, db};
use crate::audit::{self, Act};
use crate::changes;

/// Takes the store off its ladder: whatever it might no longer do, it may do at once. Says how far down it was; `None`
/// when it was on no ladder.
pub async fn undo(tx: &mut LandlordTx, origin: &Origin, tenant: TenantId) -> sqlx::Result<Option<Stage>> {
    let Some(behind) = db::lock_behind(tx, tenant).await? else { return Ok(None) };
    db::undo(tx, tenant).await?;
    changes::tell(tx, tenant).await?;
    let data = json!({"stage": behind.stage, "since": behind.since, "ladder": behind.ladder});
    audit::note(tx, origin, &Act { action: "dunning.undone", tenant: Some(tenant), account: None, data }).await?;
    Ok(Some(behind.stage))
}
