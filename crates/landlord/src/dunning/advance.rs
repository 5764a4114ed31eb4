//! Take the steps that are due.

use chrono::{DateTime, Utc};
use kernel::db::{LandlordTx, retrying};
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;

use super::{Step, db, due, next, stage};
use crate::audit::{self, Act};
use crate::billing::letters;
use crate::changes;
use crate::platform::Landlord;

/// Stores looked for at once.
const BATCH: i64 = 100;

/// Takes the steps of one store that are due and were not taken, in their order, each with its audit row and its mail.
/// Returns them.
pub async fn advance(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Step>> {
    let Some(behind) = db::lock_behind(tx, tenant).await? else { return Ok(Vec::new()) };
    let ladder = db::steps(tx, &behind.ladder).await?;
    let mut taken = Vec::new();
    for step in due(&ladder, behind.since, now) {
        if !db::take(tx, tenant, behind.since, &step, now).await? {
            continue;
        }
        let data = json!({"day": step.day, "action": step.action, "ladder": behind.ladder, "since": behind.since});
        audit::note(tx, origin, &Act { action: "dunning.step", tenant: Some(tenant), account: None, data }).await?;
        taken.push(step);
    }
    // Several steps that were due together are one mail, about the one that weighs most.
    if let Some(step) = taken.iter().filter(|step| step.mail).max_by_key(|step| step.action) {
        let after = next(&ladder, behind.since, now);
        letters::step(tx, origin, tenant, behind.since, *step, after).await?;
    }
    // A ladder that was changed meanwhile never leads back up: only paying does.
    let stage = stage(&ladder, behind.since, now).max(behind.stage);
    let next_at = next(&ladder, behind.since, now).map(|step| step.at(behind.since));
    db::stand(tx, tenant, stage, next_at).await?;
    if stage != behind.stage {
        changes::tell(tx, tenant).await?;
    }
    Ok(taken)
}

/// Takes the steps that are due in all stores, or in some. Returns how many stores it met.
pub async fn advance_due(landlord: &Landlord, only: Option<&[TenantId]>) -> sqlx::Result<usize> {
    let origin = Origin::system();
    let only: Option<Vec<uuid::Uuid>> = only.map(|only| only.iter().map(|tenant| tenant.0).collect());
    let mut count = 0;
    loop {
        let now = landlord.clock.now();
        let mut tx = landlord.db.begin().await?;
        let tenants = db::due(&mut tx, now, only.as_deref(), BATCH).await?;
        tx.commit().await?;
        for tenant in &tenants {
            retrying(|| async {
                let mut tx = landlord.db.begin().await?;
                advance(&mut tx, &origin, *tenant, now).await?;
                tx.commit().await
            })
            .await?;
        }
        count += tenants.len();
        if i64::try_from(tenants.len()).unwrap_or(BATCH) < BATCH {
            return Ok(count);
        }
    }
}
