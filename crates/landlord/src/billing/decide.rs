//! What a wish for another plan comes to. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stripe_gateway::billing::Proration;

use super::BillingError;
use crate::plans::Price;
use crate::subscriptions::{KEEP_PLAN, KEEP_UNTIL, Kept, SubscriptionStatus};

/// When a change takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once; the rest of the period is charged or credited.
    Now,
    /// With the next period: what is paid for is had until then.
    PeriodEnd,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// When the store has the other plan.
    pub(super) when: When,
    /// What becomes of the rest of the period.
    pub(super) proration: Proration,
    /// The plan that is kept until then, when it is not at once.
    pub(super) keep: Option<(String, DateTime<Utc>)>,
}

impl Change {
    /// What is noted on the subscription; empty takes it off.
    pub(super) fn metadata(&self) -> Vec<(String, String)> {
        let (plan, until) = match &self.keep {
            Some((plan, until)) => (plan.clone(), until.timestamp().to_string()),
            None => (String::new(), String::new()),
        };
        vec![(KEEP_PLAN.to_owned(), plan), (KEEP_UNTIL.to_owned(), until)]
    }
}

/// Bigger plans come at once and are charged for; smaller ones come with the next period, unless the merchant wants
/// them now. Between months and years it is always at once, since the period itself changes.
pub(super) fn decide(
    kept: &Kept,
    paid: Option<&Price>,
    target: &Price,
    when: Option<When>,
) -> Result<Change, BillingError> {
    if !kept.is_subscribed() {
        return Err(BillingError::NoSubscription);
    }
    if kept.behind_since.is_some() || [SubscriptionStatus::PastDue, SubscriptionStatus::Unpaid].contains(&kept.status) {
        return Err(BillingError::PaymentDue);
    }
    let now = |proration| Change { when: When::Now, proration, keep: None };
    // Back to the plan that it has, while a smaller one is planned: nothing is owed either way.
    if kept.pending.is_some() && target.plan == kept.plan {
        return Ok(now(Proration::Nothing));
    }
    let Some(paid) = paid else {
        return Ok(now(Proration::InvoiceNow));
    };
    if paid.id == target.id {
        return Err(BillingError::SamePlan);
    }
    // Nothing is charged during a trial, so there is nothing to make up for.
    if kept.status == SubscriptionStatus::Trialing {
        return Ok(now(Proration::Nothing));
    }
    let bigger = target.yearly() > paid.yearly();
    let other_interval = target.interval != paid.interval;
    if other_interval && when == Some(When::PeriodEnd) {
        return Err(BillingError::IntervalChangesNow);
    }
    let at_end = match when {
        Some(When::PeriodEnd) => true,
        Some(When::Now) => false,
        None => !bigger && !other_interval,
    };
    match kept.period_end.filter(|_| at_end) {
        Some(until) => {
            Ok(Change { when: When::PeriodEnd, proration: Proration::Nothing, keep: Some((kept.plan.clone(), until)) })
        }
        None if bigger || other_interval => Ok(now(Proration::ChargeNow)),
        None => Ok(now(Proration::InvoiceNow)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::plans::Interval;
    use crate::subscriptions::Pending;

    fn price(plan: &str, interval: Interval, amount_minor: i64) -> Price {
        Price {
            id: Uuid::now_v7(),
            plan: plan.to_owned(),
            plan_name: plan.to_owned(),
            interval,
            amount_minor,
            currency: "USD".to_owned(),
            active: true,
        }
    }

    fn end() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000)
    }

    fn growth() -> Kept {
        Kept {
            plan: "growth".to_owned(),
            status: SubscriptionStatus::Active,
            price: None,
            stripe_subscription: Some("sub_1".to_owned()),
            stripe_item: Some("si_1".to_owned()),
            trial_ends_at: None,
            period_start: Some(end() - Duration::days(30)),
            period_end: Some(end()),
            cancel_at: None,
            canceled_at: None,
            ended_at: None,
            pending: None,
            behind_since: None,
        }
    }

    #[test]
    fn bigger_is_at_once_and_smaller_with_the_next_period() {
        let paid = price("growth", Interval::Month, 7900);
        let bigger = price("scale", Interval::Month, 29900);
        let smaller = price("starter", Interval::Month, 1900);
        let change = decide(&growth(), Some(&paid), &bigger, None).unwrap();
        assert_eq!(change, Change { when: When::Now, proration: Proration::ChargeNow, keep: None });
        let change = decide(&growth(), Some(&paid), &smaller, None).unwrap();
        let keep = Some(("growth".to_owned(), end()));
        assert_eq!(change, Change { when: When::PeriodEnd, proration: Proration::Nothing, keep });
        let change = decide(&growth(), Some(&paid), &smaller, Some(When::Now)).unwrap();
        assert_eq!(change, Change { when: When::Now, proration: Proration::InvoiceNow, keep: None });
        assert!(matches!(decide(&growth(), Some(&paid), &paid, None), Err(BillingError::SamePlan)));
    }

    #[test]
    fn between_months_and_years_it_is_at_once() {
        let paid = price("growth", Interval::Month, 7900);
        let year = price("growth", Interval::Year, 79000);
        let change = decide(&growth(), Some(&paid), &year, None).unwrap();
        assert_eq!((change.when, change.proration), (When::Now, Proration::ChargeNow));
        let refused = decide(&growth(), Some(&paid), &year, Some(When::PeriodEnd));
        assert!(matches!(refused, Err(BillingError::IntervalChangesNow)));
    }

    #[test]
    fn a_planned_change_is_called_off_for_nothing() {
        let pending = Some(Pending { plan: "starter".to_owned(), at: end() });
        let kept = Kept { pending, ..growth() };
        let smaller = price("starter", Interval::Month, 1900);
        let change = decide(&kept, Some(&smaller), &price("growth", Interval::Month, 7900), None).unwrap();
        assert_eq!(change, Change { when: When::Now, proration: Proration::Nothing, keep: None });
        assert!(change.metadata().iter().all(|(_, value)| value.is_empty()));
    }

    #[test]
    fn who_owes_pays_first_and_who_never_subscribed_subscribes() {
        let paid = price("growth", Interval::Month, 7900);
        let bigger = price("scale", Interval::Month, 29900);
        let owing = Kept { status: SubscriptionStatus::PastDue, behind_since: Some(end()), ..growth() };
        assert!(matches!(decide(&owing, Some(&paid), &bigger, None), Err(BillingError::PaymentDue)));
        let ended = Kept { status: SubscriptionStatus::Canceled, ..growth() };
        assert!(matches!(decide(&ended, Some(&paid), &bigger, None), Err(BillingError::NoSubscription)));
        let trial = Kept { status: SubscriptionStatus::Trialing, ..growth() };
        let change = decide(&trial, Some(&paid), &bigger, None).unwrap();
        assert_eq!((change.when, change.proration), (When::Now, Proration::Nothing));
    }
}
