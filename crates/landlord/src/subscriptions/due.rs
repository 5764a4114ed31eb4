//! Subscriptions for which it is time.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

use super::db;

/// Those whose smaller plan begins by now.
pub async fn pending_due(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    db::pending_due(tx, now, only, limit).await
}

/// Those that were not heard of since then, the longest first.
pub async fn unheard(
    tx: &mut LandlordTx,
    since: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    db::unheard(tx, since, only, limit).await
}
