//! What billing does when nobody asks: every part of it may be done again, late, or by several at once.

use chrono::Duration;
use kernel::db::retrying;
use kernel::id::TenantId;
use kernel::origin::{Actor, Origin};
use uuid::Uuid;

use super::{BillingError, db, letters, process, reconcile, refresh};
use crate::platform::Landlord;
use crate::{dunning, metering, subscriptions};

/// Stores looked for at once.
const BATCH: i64 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Messages of the provider's that were tried.
    pub events: usize,
    /// Trials that were warned of or ended.
    pub trials: usize,
    /// Stores that took steps of their ladder.
    pub steps: usize,
    /// Plans that came with a new period, pages that ran out.
    pub due: usize,
    /// Subscriptions that were compared with the provider's.
    pub compared: usize,
    /// Reports of usage that were sent.
    pub reports: usize,
}

/// Does all that is due, for all stores or for some. One part's trouble does not stop the others; the last failure is
/// told when all had their turn.
pub async fn work(landlord: &Landlord, only: Option<&[TenantId]>) -> Result<Worked, BillingError> {
    let ids: Option<Vec<Uuid>> = only.map(|only| only.iter().map(|tenant| tenant.0).collect());
    let ids = ids.as_deref();
    let mut worked = Worked::default();
    let mut failed = None;
    let mut note = |outcome: Result<usize, BillingError>| {
        outcome.unwrap_or_else(|error| {
            failed = Some(error);
            0
        })
    };
    worked.events = note(process::process_due(landlord, ids).await);
    worked.trials = note(trials(landlord, ids).await.map_err(BillingError::from));
    worked.steps = note(dunning::advance_due(landlord, only).await.map_err(BillingError::from));
    worked.due = note(due(landlord, ids).await);
    worked.compared = note(compare(landlord, ids).await);
    worked.reports = note(metering::report(landlord, ids).await);
    match failed {
        Some(error) => Err(error),
        None => Ok(worked),
    }
}

/// Tells owners that a trial is about to end, and ends those that are over.
async fn trials(landlord: &Landlord, only: Option<&[Uuid]>) -> sqlx::Result<usize> {
    let origin = Origin::system();
    let now = landlord.clock.now();
    let until = now + Duration::days(i64::from(landlord.settings.billing.trial_warning_days));
    let mut tx = landlord.db.begin().await?;
    let ending = subscriptions::trials_ending(&mut tx, now, until, only, BATCH).await?;
    let over = subscriptions::trials_over(&mut tx, now, only, BATCH).await?;
    tx.commit().await?;
    for tenant in &ending {
        retrying(|| async {
            let mut tx = landlord.db.begin().await?;
            let kept = subscriptions::lock(&mut tx, *tenant).await?;
            if let Some(kept) = kept
                && let Some(end) = kept.trial_ends_at
                && subscriptions::warned(&mut tx, *tenant, end).await?
            {
                letters::trial_will_end(&mut tx, &origin, *tenant, &kept, end).await?;
            }
            tx.commit().await
        })
        .await?;
    }
    for tenant in &over {
        retrying(|| async {
            let mut tx = landlord.db.begin().await?;
            subscriptions::end_trial(&mut tx, &origin, *tenant, now).await?;
            tx.commit().await
        })
        .await?;
    }
    Ok(ending.len() + over.len())
}

/// Smaller plans whose time has come, and pages that ran out.
async fn due(landlord: &Landlord, only: Option<&[Uuid]>) -> Result<usize, BillingError> {
    let origin = Origin::system().acting(Actor::Provider);
    let now = landlord.clock.now();
    let mut tx = landlord.db.begin().await?;
    let pending = subscriptions::pending_due(&mut tx, now, only, BATCH).await?;
    let pages = db::late_pages(&mut tx, now, only, BATCH).await?;
    tx.commit().await?;
    let mut failed = None;
    for tenant in &pending {
        if let Err(error) = refresh(landlord, &origin, *tenant).await {
            failed = Some(error);
        }
    }
    for (page, tenant) in &pages {
        // Somebody may have subscribed on it without our hearing.
        match refresh(landlord, &origin, *tenant).await {
            Ok(_) => {
                let mut tx = landlord.db.begin().await?;
                db::end_page(&mut tx, *page).await?;
                tx.commit().await?;
            }
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(pending.len() + pages.len()),
    }
}

/// Compares what was not heard of for long.
async fn compare(landlord: &Landlord, only: Option<&[Uuid]>) -> Result<usize, BillingError> {
    let origin = Origin::system();
    let since = landlord.clock.now() - Duration::hours(i64::from(landlord.settings.billing.reconcile_hours));
    let mut tx = landlord.db.begin().await?;
    let unheard = subscriptions::unheard(&mut tx, since, only, BATCH).await?;
    tx.commit().await?;
    let mut failed = None;
    for tenant in &unheard {
        if let Err(error) = reconcile(landlord, &origin, *tenant).await {
            failed = Some(error);
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(unheard.len()),
    }
}
