//! How a store's billing stands, and what happens next.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use serde::{Deserialize, Serialize};

use crate::dunning::{self, Action, Planned, Stage};
use crate::invoices::{self, InvoiceView};
use crate::plans::{self, Interval, Price};
use crate::subscriptions::{self, Kept, SubscriptionStatus};

/// How a store's billing stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BillingView {
    /// Code of the plan whose features the store has.
    pub plan: String,
    /// Whether it pays.
    pub status: SubscriptionStatus,
    /// What is paid each period; null while nothing is.
    pub price: Option<PriceView>,
    /// When the trial ends or ended.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// Since when is paid at the moment.
    pub current_period_start: Option<DateTime<Utc>>,
    /// When it is paid again.
    pub current_period_end: Option<DateTime<Utc>>,
    /// When the subscription is going to end.
    pub cancel_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// A plan that comes with the next period.
    pub pending_change: Option<PendingView>,
    /// The invoice that could not be collected.
    pub payment_problem: Option<ProblemView>,
    /// Where the store stands, while it is behind with paying.
    pub dunning: Option<DunningView>,
    /// What happens next by itself.
    pub next: Option<NextView>,
    /// What an owner can do now.
    pub can: Vec<Can>,
}

/// What is paid each period.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PriceView {
    /// Code of the plan that is paid.
    pub plan: String,
    /// How often.
    pub interval: Interval,
    /// In minor units.
    pub amount_minor: i64,
    /// What in.
    pub currency: String,
}

impl From<Price> for PriceView {
    fn from(price: Price) -> Self {
        let Price { plan, interval, amount_minor, currency, id: _, plan_name: _, active: _ } = price;
        Self { plan, interval, amount_minor, currency }
    }
}

/// A plan to come.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PendingView {
    /// Code of the plan.
    pub plan: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A payment that failed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemView {
    /// Since when.
    pub since: DateTime<Utc>,
    /// The invoice, if the provider has told of it.
    pub invoice: Option<InvoiceView>,
}

/// Where a store stands on its ladder.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DunningView {
    /// How far down.
    pub stage: Stage,
    /// Since when it is behind.
    pub since: DateTime<Utc>,
    /// What happens when; with the time of what has happened.
    pub steps: Vec<Planned>,
}

/// What happens next by itself.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NextView {
    /// What.
    pub what: Next,
    /// When.
    pub at: DateTime<Utc>,
    /// The step of the ladder, if it is one.
    pub action: Option<Action>,
}

/// Kinds of what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// The trial ends; without a subscription the store is limited from then on.
    TrialEnds,
    /// The trial ends and the first period is paid.
    FirstPayment,
    /// The next period is paid.
    Renews,
    /// Another plan comes.
    PlanChanges,
    /// The subscription ends.
    Ends,
    /// The next step of the ladder.
    DunningStep,
}

/// What an owner can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// Subscribe.
    Subscribe,
    /// Change the plan.
    ChangePlan,
    /// End the subscription.
    Cancel,
    /// Have it go on after all.
    Resume,
    /// Pay what is due, on the invoice's page or by another card.
    Pay,
}

/// Reads all of it. `None`: there is no such store.
pub async fn view(tx: &mut LandlordTx, tenant: TenantId, now: DateTime<Utc>) -> sqlx::Result<Option<BillingView>> {
    let Some(kept) = subscriptions::read(tx, tenant).await? else { return Ok(None) };
    let price = match kept.price {
        Some(price) => plans::price(tx, price).await?.map(PriceView::from),
        None => None,
    };
    let (dunning, problem) = match kept.behind_since {
        Some(since) => {
            let stage = dunning::stage_of(tx, tenant).await?.unwrap_or_default();
            let steps = dunning::plan_of(tx, tenant, since).await?.map_or_else(Vec::new, |(_, _, steps)| steps);
            let invoice = invoices::open_of(tx, tenant).await?;
            let problem = kept.stripe_subscription.is_some().then_some(ProblemView { since, invoice });
            (Some(DunningView { stage, since, steps }), problem)
        }
        None => (None, None),
    };
    let next = next(&kept, dunning.as_ref(), now);
    Ok(Some(BillingView {
        can: can(&kept, now),
        next,
        plan: kept.plan,
        status: kept.status,
        price,
        trial_ends_at: kept.trial_ends_at,
        current_period_start: kept.period_start,
        current_period_end: kept.period_end,
        cancel_at: kept.cancel_at,
        ended_at: kept.ended_at,
        pending_change: kept.pending.map(|pending| PendingView { plan: pending.plan, at: pending.at }),
        payment_problem: problem,
        dunning,
    }))
}

/// The first of all that is to come. Pure.
fn next(kept: &Kept, dunning: Option<&DunningView>, now: DateTime<Utc>) -> Option<NextView> {
    let plain = |what, at: Option<DateTime<Utc>>| at.map(|at| NextView { what, at, action: None });
    let mut coming = Vec::new();
    if let Some(step) = dunning.and_then(|dunning| dunning.steps.iter().find(|step| step.taken_at.is_none())) {
        coming.push(Some(NextView { what: Next::DunningStep, at: step.at, action: Some(step.action) }));
    }
    let subscribed = kept.is_subscribed();
    let trialing = kept.status == SubscriptionStatus::Trialing;
    coming.push(plain(Next::Ends, kept.cancel_at));
    coming.push(plain(Next::PlanChanges, kept.pending.as_ref().map(|pending| pending.at)));
    if trialing && kept.cancel_at.is_none() {
        coming.push(plain(if subscribed { Next::FirstPayment } else { Next::TrialEnds }, kept.trial_ends_at));
    } else if subscribed && kept.cancel_at.is_none() && kept.behind_since.is_none() {
        coming.push(plain(Next::Renews, kept.period_end));
    }
    // Of what comes together, what was found first says most. A step that is due is not over yet.
    coming
        .into_iter()
        .flatten()
        .filter(|next| next.what == Next::DunningStep || next.at > now)
        .min_by_key(|next| next.at)
}

fn can(kept: &Kept, now: DateTime<Utc>) -> Vec<Can> {
    if !kept.is_subscribed() {
        let trial = kept.status == SubscriptionStatus::Trialing && kept.trial_ends_at.is_some_and(|end| now < end);
        return if trial { vec![Can::Subscribe, Can::ChangePlan] } else { vec![Can::Subscribe] };
    }
    let end = if kept.cancel_at.is_some() { Can::Resume } else { Can::Cancel };
    if kept.behind_since.is_some() { vec![Can::Pay, end] } else { vec![Can::ChangePlan, end] }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::subscriptions::Pending;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000)
    }

    fn kept(status: SubscriptionStatus, subscription: Option<&str>) -> Kept {
        Kept {
            plan: "growth".to_owned(),
            status,
            price: None,
            stripe_subscription: subscription.map(str::to_owned),
            stripe_item: None,
            trial_ends_at: Some(now() + Duration::days(3)),
            period_start: None,
            period_end: Some(now() + Duration::days(9)),
            cancel_at: None,
            canceled_at: None,
            ended_at: None,
            pending: None,
            behind_since: None,
        }
    }

    #[test]
    fn what_happens_next() {
        use SubscriptionStatus::{Active, Canceled, Trialing};
        let told = |kept: &Kept| next(kept, None, now()).map(|next| (next.what, (next.at - now()).num_days()));
        assert_eq!(told(&kept(Trialing, None)), Some((Next::TrialEnds, 3)));
        assert_eq!(told(&kept(Trialing, Some("sub_1"))), Some((Next::FirstPayment, 3)));
        let active = kept(Active, Some("sub_1"));
        assert_eq!(told(&active), Some((Next::Renews, 9)));
        let at = now() + Duration::days(9);
        let pending = Some(Pending { plan: "starter".to_owned(), at });
        assert_eq!(told(&Kept { pending, ..active.clone() }), Some((Next::PlanChanges, 9)));
        assert_eq!(told(&Kept { cancel_at: Some(at), ..active.clone() }), Some((Next::Ends, 9)));
        assert_eq!(told(&kept(Canceled, Some("sub_1"))), None);
        let step =
            Planned { day: 3, action: Action::Banner, mail: true, at: now() + Duration::days(1), taken_at: None };
        let dunning = DunningView { stage: Stage::Notice, since: now(), steps: vec![step] };
        let behind = Kept { behind_since: Some(now()), ..active };
        assert_eq!(next(&behind, Some(&dunning), now()).map(|next| next.what), Some(Next::DunningStep));
    }

    #[test]
    fn what_owners_can_do() {
        use SubscriptionStatus::{Active, Canceled, Paused, Trialing};
        assert_eq!(can(&kept(Trialing, None), now()), [Can::Subscribe, Can::ChangePlan]);
        assert_eq!(can(&kept(Paused, None), now()), [Can::Subscribe]);
        assert_eq!(can(&kept(Canceled, Some("sub_1")), now()), [Can::Subscribe]);
        assert_eq!(can(&kept(Active, Some("sub_1")), now()), [Can::ChangePlan, Can::Cancel]);
        let behind = Kept { behind_since: Some(now()), cancel_at: Some(now()), ..kept(Active, Some("sub_1")) };
        assert_eq!(can(&behind, now()), [Can::Pay, Can::Resume]);
    }
}
