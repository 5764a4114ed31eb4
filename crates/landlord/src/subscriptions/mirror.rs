//! From what the provider says to what we keep, and to what is worth telling. Pure.
//!
//! ```text
//! trial (ours) ──subscribes──> trialing | active ⇄ past_due ──> unpaid
//!      │                              │    └────────┴────────────┴──> canceled ──subscribes──> active
//!      └──nobody subscribes──> paused ┘
//! ```
//!
//! What the provider says is taken as a whole each time, never step by step: so it does not matter in which order, or
//! how often, its messages come.

use chrono::{DateTime, Utc};
use stripe_gateway::billing::{Subscription, SubscriptionState};
use uuid::Uuid;

use super::{Kept, Pending, SubscriptionStatus};

/// On the provider's subscription: the plan that the store keeps for a while although it pays for a smaller one.
pub const KEEP_PLAN: &str = "souk_keep_plan";
/// On the provider's subscription: until when, by Unix seconds.
pub const KEEP_UNTIL: &str = "souk_keep_until";

/// A price of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// Our own name for it.
    pub lookup_key: String,
    /// Row.
    pub id: Uuid,
    /// Code of its plan.
    pub plan: String,
}

/// Which of a customer's subscriptions is the store's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked<'a> {
    /// The store's, if it has one.
    pub ours: Option<&'a Subscription>,
    /// Others that are paid for as well: somebody subscribed twice.
    pub extra: Vec<&'a Subscription>,
}

fn status(state: SubscriptionState) -> Option<SubscriptionStatus> {
    Some(match state {
        SubscriptionState::Trialing => SubscriptionStatus::Trialing,
        SubscriptionState::Active => SubscriptionStatus::Active,
        SubscriptionState::PastDue => SubscriptionStatus::PastDue,
        SubscriptionState::Unpaid => SubscriptionStatus::Unpaid,
        SubscriptionState::Canceled => SubscriptionStatus::Canceled,
        SubscriptionState::Paused => SubscriptionStatus::Paused,
        // Nobody has paid yet: what the store has had so far holds.
        SubscriptionState::Incomplete | SubscriptionState::IncompleteExpired => return None,
    })
}

/// Picks the subscription that is followed: the one that was, while it lives; else the oldest that lives; else the one
/// that was, which has ended.
pub fn pick<'a>(followed: Option<&str>, all: &'a [Subscription]) -> Picked<'a> {
    let mut living: Vec<&Subscription> = all
        .iter()
        .filter(|one| status(one.state).is_some_and(|status| status != SubscriptionStatus::Canceled))
        .collect();
    living.sort_by_key(|one| (Some(one.id.as_str()) != followed, one.created, one.id.clone()));
    if living.is_empty() {
        let ended = all.iter().find(|one| Some(one.id.as_str()) == followed && status(one.state).is_some());
        return Picked { ours: ended, extra: Vec::new() };
    }
    Picked { ours: Some(living.remove(0)), extra: living }
}

/// What is kept once the provider has said this.
pub fn follow(before: &Kept, heard: &Subscription, prices: &[Priced], now: DateTime<Utc>) -> Kept {
    let Some(status) = status(heard.state) else { return before.clone() };
    let known = heard.items.iter().find_map(|item| {
        let key = item.lookup_key.as_deref()?;
        Some((item, prices.iter().find(|price| price.lookup_key == key)?))
    });
    let paid = known.map(|(_, price)| price.plan.as_str());
    let item = known.map(|(item, _)| item).or(heard.items.first());
    let (plan, pending) = match (paid, kept_for_a_while(heard, now)) {
        (Some(paid), Some((plan, at))) if plan != paid => (plan, Some(Pending { plan: paid.to_owned(), at })),
        (Some(paid), Some(_) | None) => (paid.to_owned(), None),
        // A price that is none of ours: somebody made it by hand, and the store keeps what it has.
        (None, Some(_) | None) => (before.plan.clone(), None),
    };
    let ends = heard.cancel_at.or_else(|| item.filter(|_| heard.cancel_at_period_end).map(|item| item.period_end));
    Kept {
        plan,
        status,
        price: known.map(|(_, price)| price.id),
        stripe_subscription: Some(heard.id.clone()),
        stripe_item: item.map(|item| item.id.clone()),
        trial_ends_at: heard.trial_end.map_or(before.trial_ends_at, time),
        period_start: item.and_then(|item| time(item.period_start)),
        period_end: item.and_then(|item| time(item.period_end)),
        cancel_at: ends.filter(|_| status != SubscriptionStatus::Canceled).and_then(time),
        canceled_at: heard.canceled_at.and_then(time),
        ended_at: heard.ended_at.and_then(time),
        pending: pending.filter(|_| status != SubscriptionStatus::Canceled),
        behind_since: before.behind_since,
    }
}

/// The plan that was paid for before a smaller one was chosen, while that time lasts.
fn kept_for_a_while(heard: &Subscription, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
    let plan = heard.metadata.get(KEEP_PLAN).filter(|plan| !plan.is_empty())?;
    let until = time(heard.metadata.get(KEEP_UNTIL)?.parse().ok()?)?;
    (now < until).then(|| (plan.clone(), until))
}

fn time(unix: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(unix, 0)
}

/// Something that happened to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The store subscribed.
    Started,
    /// The store has another plan.
    PlanChanged { from: String, to: String },
    /// It will have another plan.
    ChangePlanned(Pending),
    /// It will not have another plan after all.
    ChangeCalledOff,
    /// The provider could not collect.
    FellBehind,
    /// It has paid.
    Recovered,
    /// It is going to end.
    CancelPlanned(DateTime<Utc>),
    /// It is not going to end after all.
    Resumed,
    /// It has ended.
    Ended,
}

impl News {
    /// As the audit log has it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Started => "subscription.started",
            Self::PlanChanged { .. } => "subscription.plan_changed",
            Self::ChangePlanned(_) => "subscription.change_planned",
            Self::ChangeCalledOff => "subscription.change_called_off",
            Self::FellBehind => "subscription.fell_behind",
            Self::Recovered => "subscription.recovered",
            Self::CancelPlanned(_) => "subscription.cancel_planned",
            Self::Resumed => "subscription.resumed",
            Self::Ended => "subscription.ended",
        }
    }
}

/// What happened between the two.
pub fn news(before: &Kept, after: &Kept) -> Vec<News> {
    use SubscriptionStatus::{Active, Canceled, PastDue, Paused, Trialing, Unpaid};
    let mut news = Vec::new();
    let same = before.stripe_subscription == after.stripe_subscription;
    let started = !same && after.is_subscribed();
    if started {
        news.push(News::Started);
    }
    if before.plan != after.plan {
        news.push(News::PlanChanged { from: before.plan.clone(), to: after.plan.clone() });
    }
    match (&before.pending, &after.pending) {
        (old, Some(new)) if old.as_ref() != Some(new) => news.push(News::ChangePlanned(new.clone())),
        (Some(_), None) if before.plan == after.plan && after.is_subscribed() => news.push(News::ChangeCalledOff),
        (Some(_) | None, Some(_) | None) => {}
    }
    let behind = before.behind_since.is_some();
    if !behind && [PastDue, Unpaid, Paused].contains(&after.status) {
        news.push(News::FellBehind);
    }
    if behind && [Active, Trialing].contains(&after.status) {
        news.push(News::Recovered);
    }
    match (before.cancel_at.filter(|_| same), after.cancel_at) {
        (old, Some(new)) if old != Some(new) => news.push(News::CancelPlanned(new)),
        (Some(_), None) if after.is_subscribed() => news.push(News::Resumed),
        (Some(_) | None, Some(_) | None) => {}
    }
    if after.status == Canceled && (before.status != Canceled || !same) {
        news.push(News::Ended);
    }
    news
}

#[cfg(test)]
mod tests;
