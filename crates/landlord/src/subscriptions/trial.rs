//! Trials that nobody has subscribed after.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;
use uuid::Uuid;

use super::{SubscriptionStatus, db};
use crate::audit::{self, Act};
use crate::changes;
use crate::dunning::{self, Cause};

/// Stores whose trial is over although nobody has noted it.
pub async fn trials_over(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    db::trials_over(tx, now, only, limit).await
}

/// Stores whose trial, ours or the provider's, ends before `until`, and whose owners were not told.
pub async fn trials_ending(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    db::trials_ending(tx, now, until, only, limit).await
}

/// Notes that the owners are told of this end. False when they were before.
pub async fn warned(tx: &mut LandlordTx, tenant: TenantId, end: DateTime<Utc>) -> sqlx::Result<bool> {
    db::warned(tx, tenant, end).await
}

/// Ends a trial that is over, and puts the store on its ladder. False when it is not over, or was ended before.
pub async fn end_trial(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    db::lock(tx, tenant).await?;
    let Some(kept) = db::read(tx, tenant).await? else { return Ok(false) };
    let over = kept.status == SubscriptionStatus::Trialing && kept.stripe_subscription.is_none();
    let Some(end) = kept.trial_ends_at.filter(|end| over && *end <= now) else { return Ok(false) };
    db::set_status(tx, tenant, SubscriptionStatus::Paused).await?;
    changes::tell(tx, tenant).await?;
    let data = json!({"plan": kept.plan, "trial_ends_at": end});
    audit::note(tx, origin, &Act { action: "subscription.trial_ended", tenant: Some(tenant), account: None, data })
        .await?;
    dunning::begin(tx, origin, tenant, Cause::TrialEnded, end, now).await?;
    Ok(true)
}
