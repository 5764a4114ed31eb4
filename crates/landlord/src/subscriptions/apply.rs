//! Carry over what the provider says.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;
use stripe_gateway::billing::Subscription;

use super::mirror::{follow, news};
use super::{Kept, News, SubscriptionStatus, db, pick};
use crate::audit::{self, Act};
use crate::billing::letters;
use crate::dunning::{self, Cause};
use crate::{changes, plans};

/// What became of an answer of the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// Somebody who asked later was heard before.
    Outdated,
    /// It is what we have.
    Unchanged,
    /// It is carried over.
    Changed(Vec<News>),
}

/// Takes a number before the provider is asked. An answer counts only if nobody with a higher number was heard: so two
/// who ask at once cannot leave the older answer behind.
pub async fn ask(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<i64>> {
    db::ask(tx, tenant).await
}

/// Carries the answer over: the mirror, the ladder, the audit log, the owners' letters, and the news to every process.
pub async fn apply(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    number: i64,
    heard: &[Subscription],
    now: DateTime<Utc>,
) -> sqlx::Result<Applied> {
    if !db::hear(tx, tenant, number, now).await? {
        return Ok(Applied::Outdated);
    }
    let Some(before) = db::read(tx, tenant).await? else { return Ok(Applied::Outdated) };
    let picked = pick(before.stripe_subscription.as_deref(), heard);
    let Some(ours) = picked.ours else { return Ok(Applied::Unchanged) };
    let prices = plans::priced(tx).await?;
    let after = follow(&before, ours, &prices, now);
    if after.price.is_none() && after.is_subscribed() {
        tracing::error!(event = "billing.unknown_price", %tenant, subscription = ours.id, "a subscription has no price of ours; the store keeps its plan");
    }
    if after == before {
        return Ok(Applied::Unchanged);
    }
    db::write(tx, tenant, &after).await?;
    changes::tell(tx, tenant).await?;
    let news = news(&before, &after);
    for one in &news {
        note(tx, origin, tenant, one, &before, &after).await?;
        match one {
            News::FellBehind => {
                let trial = after.status == SubscriptionStatus::Paused;
                let cause = if trial { Cause::TrialEnded } else { Cause::PaymentFailed };
                dunning::begin(tx, origin, tenant, cause, now, now).await?;
            }
            News::Recovered => {
                dunning::undo(tx, origin, tenant).await?;
            }
            News::Started
            | News::PlanChanged { .. }
            | News::ChangePlanned(_)
            | News::ChangeCalledOff
            | News::CancelPlanned(_)
            | News::Resumed
            | News::Ended => {}
        }
    }
    letters::news(tx, origin, tenant, &before, &after, &news).await?;
    Ok(Applied::Changed(news))
}

async fn note(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    news: &News,
    before: &Kept,
    after: &Kept,
) -> sqlx::Result<()> {
    let data = json!({
        "subscription": after.stripe_subscription,
        "before": {"plan": before.plan, "status": before.status},
        "after": {"plan": after.plan, "status": after.status},
        "pending": after.pending.as_ref().map(|pending| json!({"plan": pending.plan, "at": pending.at})),
        "cancel_at": after.cancel_at,
    });
    audit::note(tx, origin, &Act { action: news.action(), tenant: Some(tenant), account: None, data }).await
}
