//! What the provider says, and what comes of it here.

use std::collections::BTreeMap;

use chrono::Duration;
use stripe_gateway::billing::SubscriptionItem;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn prices() -> Vec<Priced> {
    let price = |plan: &str| Priced { lookup_key: format!("souk-{plan}"), id: Uuid::nil(), plan: plan.to_owned() };
    vec![price("starter"), price("growth")]
}

fn trial() -> Kept {
    Kept {
        plan: "starter".to_owned(),
        status: SubscriptionStatus::Trialing,
        price: None,
        stripe_subscription: None,
        stripe_item: None,
        trial_ends_at: Some(now() + Duration::days(14)),
        period_start: None,
        period_end: None,
        cancel_at: None,
        canceled_at: None,
        ended_at: None,
        pending: None,
        behind_since: None,
    }
}

fn subscription(id: &str, plan: &str, state: SubscriptionState) -> Subscription {
    Subscription {
        id: id.to_owned(),
        customer: "cus_1".to_owned(),
        state,
        items: vec![SubscriptionItem {
            id: format!("si_{id}"),
            price: format!("price_{plan}"),
            lookup_key: Some(format!("souk-{plan}")),
            period_start: now().timestamp(),
            period_end: (now() + Duration::days(30)).timestamp(),
        }],
        cancel_at: None,
        cancel_at_period_end: false,
        canceled_at: None,
        ended_at: None,
        trial_end: None,
        metadata: BTreeMap::new(),
        created: now().timestamp(),
        livemode: false,
    }
}

fn heard(before: &Kept, subscription: &Subscription) -> (Kept, Vec<News>) {
    let after = follow(before, subscription, &prices(), now());
    let told = news(before, &after);
    (after, told)
}

#[test]
fn a_trial_becomes_a_subscription() {
    let (after, told) = heard(&trial(), &subscription("sub_1", "growth", SubscriptionState::Active));
    assert_eq!((after.plan.as_str(), after.status), ("growth", SubscriptionStatus::Active));
    let changed = News::PlanChanged { from: "starter".to_owned(), to: "growth".to_owned() };
    assert_eq!(told, [News::Started, changed]);
    let (again, told) = heard(&after, &subscription("sub_1", "growth", SubscriptionState::Active));
    assert_eq!((again, told), (after, vec![]));
}

#[test]
fn nothing_changes_until_somebody_has_paid() {
    for state in [SubscriptionState::Incomplete, SubscriptionState::IncompleteExpired] {
        let (after, told) = heard(&trial(), &subscription("sub_1", "growth", state));
        assert_eq!((after, told), (trial(), vec![]));
    }
}

#[test]
fn what_fails_and_recovers_is_told_once() {
    let (active, _) = heard(&trial(), &subscription("sub_1", "starter", SubscriptionState::Active));
    let (mut behind, told) = heard(&active, &subscription("sub_1", "starter", SubscriptionState::PastDue));
    assert_eq!(told, [News::FellBehind]);
    behind.behind_since = Some(now());
    let (unpaid, told) = heard(&behind, &subscription("sub_1", "starter", SubscriptionState::Unpaid));
    assert_eq!(told, []);
    let (_, told) = heard(&unpaid, &subscription("sub_1", "starter", SubscriptionState::Active));
    assert_eq!(told, [News::Recovered]);
}

#[test]
fn a_smaller_plan_waits_for_what_was_paid() {
    let (growth, _) = heard(&trial(), &subscription("sub_1", "growth", SubscriptionState::Active));
    let mut smaller = subscription("sub_1", "starter", SubscriptionState::Active);
    let at = DateTime::from_timestamp((now() + Duration::days(30)).timestamp(), 0).unwrap();
    smaller.metadata.insert(KEEP_PLAN.to_owned(), "growth".to_owned());
    smaller.metadata.insert(KEEP_UNTIL.to_owned(), at.timestamp().to_string());
    let (waiting, told) = heard(&growth, &smaller);
    let pending = Pending { plan: "starter".to_owned(), at };
    assert_eq!(waiting.plan, "growth");
    assert_eq!(told, [News::ChangePlanned(pending)]);
    // Called off: the price is the old one again.
    assert_eq!(heard(&waiting, &subscription("sub_1", "growth", SubscriptionState::Active)).1, [News::ChangeCalledOff]);
    // The time is over.
    let after = follow(&waiting, &smaller, &prices(), at);
    assert_eq!((after.plan.as_str(), &after.pending), ("starter", &None));
    assert_eq!(news(&waiting, &after), [News::PlanChanged { from: "growth".to_owned(), to: "starter".to_owned() }]);
}

#[test]
fn an_end_is_planned_called_off_and_comes() {
    let (active, _) = heard(&trial(), &subscription("sub_1", "starter", SubscriptionState::Active));
    let mut ending = subscription("sub_1", "starter", SubscriptionState::Active);
    ending.cancel_at_period_end = true;
    let (planned, told) = heard(&active, &ending);
    assert_eq!(told, [News::CancelPlanned(planned.period_end.unwrap())]);
    assert_eq!(heard(&planned, &subscription("sub_1", "starter", SubscriptionState::Active)).1, [News::Resumed]);
    let mut ended = ending.clone();
    ended.state = SubscriptionState::Canceled;
    ended.ended_at = Some(now().timestamp());
    let (over, told) = heard(&planned, &ended);
    assert_eq!(told, [News::Ended]);
    assert_eq!(heard(&over, &ended).1, []);
    let (back, told) = heard(&over, &subscription("sub_2", "starter", SubscriptionState::Active));
    assert_eq!(told, [News::Started]);
    assert!(back.is_subscribed());
}

#[test]
fn the_subscription_that_is_followed_stays_the_one() {
    let old = subscription("sub_1", "starter", SubscriptionState::Active);
    let mut new = subscription("sub_2", "growth", SubscriptionState::Active);
    new.created += 10;
    let all = [new.clone(), old.clone()];
    assert_eq!(pick(Some("sub_2"), &all), Picked { ours: Some(&new), extra: vec![&old] });
    assert_eq!(pick(None, &all), Picked { ours: Some(&old), extra: vec![&new] });
    let ended = Subscription { state: SubscriptionState::Canceled, ..old.clone() };
    let all = [new.clone(), ended.clone()];
    assert_eq!(pick(Some("sub_1"), &all), Picked { ours: Some(&new), extra: vec![] });
    let never = Subscription { state: SubscriptionState::Incomplete, ..new };
    let all = [never, ended.clone()];
    assert_eq!(pick(Some("sub_1"), &all), Picked { ours: Some(&ended), extra: vec![] });
    assert_eq!(pick(None, &all), Picked { ours: None, extra: vec![] });
}

#[test]
fn a_price_that_is_none_of_ours_takes_nothing_away() {
    let (growth, _) = heard(&trial(), &subscription("sub_1", "growth", SubscriptionState::Active));
    let (after, told) = heard(&growth, &subscription("sub_1", "handmade", SubscriptionState::Active));
    assert_eq!((after.plan.as_str(), after.price, told), ("growth", None, vec![]));
}
