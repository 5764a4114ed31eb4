//! Let the open run rest, and go on.

use kernel::db::LandlordTx;
use kernel::origin::Origin;
use serde_json::json;

use super::db;
use crate::audit::{self, Act};

/// Lets the open run rest: stores in work are finished, no more are begun. Its number; `None` when no run is open.
pub async fn pause(tx: &mut LandlordTx, origin: &Origin) -> sqlx::Result<Option<i64>> {
    change(tx, origin, true).await
}

/// Lets the open run go on.
pub async fn resume(tx: &mut LandlordTx, origin: &Origin) -> sqlx::Result<Option<i64>> {
    change(tx, origin, false).await
}

async fn change(tx: &mut LandlordTx, origin: &Origin, rest: bool) -> sqlx::Result<Option<i64>> {
    let Some(run) = db::set_paused(tx, rest).await? else { return Ok(None) };
    let action = if rest { "fleet.paused" } else { "fleet.resumed" };
    audit::note(tx, origin, &Act { action, tenant: None, account: None, data: json!({ "run": run }) }).await?;
    Ok(Some(run))
}
