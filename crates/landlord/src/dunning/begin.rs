//! A store falls behind.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{Cause, advance, db};
use crate::audit::{self, Act};

/// Puts the store on its ladder and takes the steps that are due at once. One that is on a ladder stays where it is.
pub async fn begin(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    cause: Cause,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let Some(ladder) = db::ladder_for(tx, tenant, cause).await? else {
        tracing::error!(event = "dunning.no_ladder", %tenant, cause = cause.name(), "a store is behind and there is no ladder for it");
        return Ok(());
    };
    if !db::begin(tx, tenant, since, &ladder).await? {
        return Ok(());
    }
    let data = json!({"cause": cause, "ladder": ladder, "since": since});
    audit::note(tx, origin, &Act { action: "dunning.began", tenant: Some(tenant), account: None, data }).await?;
    advance(tx, origin, tenant, now).await?;
    Ok(())
}
