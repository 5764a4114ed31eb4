//! Ladders, and where somebody stands on one. Pure.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// What leads onto a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The provider could not collect.
    PaymentFailed,
    /// The trial is over and nobody subscribed.
    TrialEnded,
}

impl Cause {
    /// As the database has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaymentFailed => "payment_failed",
            Self::TrialEnded => "trial_ended",
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Action {
    /// Tell the owners, and nothing else.
    Mail,
    /// Show the staff that something is wrong.
    Banner,
    /// No new products.
    FreezeProducts,
    /// Staff may look, and keep what was promised to shoppers, but change nothing.
    ReadOnly,
    /// Shoppers cannot begin a checkout.
    PauseCheckout,
    /// The store is closed.
    Suspend,
}

/// How far down somebody is. Each stage holds all that those before it do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Stage {
    /// Nothing is wrong, or nothing was said yet.
    #[default]
    None,
    /// The owners were told.
    Notice,
    /// The staff sees it.
    Banner,
    /// No new products.
    ProductsFrozen,
    /// Staff may change nothing.
    ReadOnly,
    /// Shoppers cannot begin a checkout.
    CheckoutPaused,
    /// The store is closed.
    Suspended,
}

impl Stage {
    /// All of them, downwards.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Notice,
        Self::Banner,
        Self::ProductsFrozen,
        Self::ReadOnly,
        Self::CheckoutPaused,
        Self::Suspended,
    ];
}

impl Action {
    /// All of them, downwards.
    pub const ALL: [Self; 6] =
        [Self::Mail, Self::Banner, Self::FreezeProducts, Self::ReadOnly, Self::PauseCheckout, Self::Suspend];

    /// The stage that it leads to.
    pub fn stage(self) -> Stage {
        match self {
            Self::Mail => Stage::Notice,
            Self::Banner => Stage::Banner,
            Self::FreezeProducts => Stage::ProductsFrozen,
            Self::ReadOnly => Stage::ReadOnly,
            Self::PauseCheckout => Stage::CheckoutPaused,
            Self::Suspend => Stage::Suspended,
        }
    }
}

/// One step of a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub struct Step {
    /// Days after falling behind.
    pub day: i32,
    /// What it does.
    pub action: Action,
    /// Is a mail sent with it?
    pub mail: bool,
}

impl Step {
    /// When it is due.
    pub fn at(&self, since: DateTime<Utc>) -> DateTime<Utc> {
        since + Duration::days(i64::from(self.day))
    }
}

/// A ladder, its steps in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Ladder {
    /// Its name in requests.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What happens when.
    pub steps: Vec<Step>,
}

/// The steps that are due by now, in their order.
pub fn due(ladder: &[Step], since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Step> {
    let mut due: Vec<Step> = ladder.iter().filter(|step| step.at(since) <= now).copied().collect();
    due.sort();
    due
}

/// How far down somebody is who fell behind then. A step never leads back up.
pub fn stage(ladder: &[Step], since: DateTime<Utc>, now: DateTime<Utc>) -> Stage {
    due(ladder, since, now).iter().map(|step| step.action.stage()).max().unwrap_or_default()
}

/// The first step that is not due yet.
pub fn next(ladder: &[Step], since: DateTime<Utc>, now: DateTime<Utc>) -> Option<Step> {
    ladder.iter().filter(|step| step.at(since) > now).min().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: [(i32, Action); 6] = [
        (0, Action::Mail),
        (3, Action::Banner),
        (7, Action::FreezeProducts),
        (10, Action::ReadOnly),
        (14, Action::PauseCheckout),
        (30, Action::Suspend),
    ];

    fn standard() -> Vec<Step> {
        STANDARD.into_iter().map(|(day, action)| Step { day, action, mail: true }).collect()
    }

    fn since() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::seconds(12_345)
    }

    #[test]
    fn every_day_of_the_standard_ladder() {
        let ladder = standard();
        for day in 0..40 {
            let want = match day {
                0..3 => Stage::Notice,
                3..7 => Stage::Banner,
                7..10 => Stage::ProductsFrozen,
                10..14 => Stage::ReadOnly,
                14..30 => Stage::CheckoutPaused,
                30.. => Stage::Suspended,
                i64::MIN..0 => Stage::None,
            };
            let begins = since() + Duration::days(day);
            assert_eq!(stage(&ladder, since(), begins), want, "day {day}");
            assert_eq!(stage(&ladder, since(), begins + Duration::days(1) - Duration::seconds(1)), want, "day {day}");
        }
        assert_eq!(stage(&ladder, since(), since() - Duration::seconds(1)), Stage::None);
    }

    #[test]
    fn a_ladder_never_leads_back_up_and_its_order_does_not_matter() {
        let mut ladder = standard();
        ladder.push(Step { day: 20, action: Action::Mail, mail: true });
        ladder.reverse();
        assert_eq!(stage(&ladder, since(), since() + Duration::days(21)), Stage::CheckoutPaused);
        let days: Vec<i32> = due(&ladder, since(), since() + Duration::days(21)).iter().map(|step| step.day).collect();
        assert_eq!(days, [0, 3, 7, 10, 14, 20]);
        assert_eq!(next(&ladder, since(), since() + Duration::days(21)).map(|step| step.day), Some(30));
        assert_eq!(next(&ladder, since(), since() + Duration::days(31)), None);
    }

    #[test]
    fn each_action_has_a_stage_of_its_own_further_down_than_the_one_before() {
        let stages: Vec<Stage> = Action::ALL.into_iter().map(Action::stage).collect();
        assert_eq!(stages, Stage::ALL[1..]);
        assert!(stages.is_sorted());
        assert_eq!(stage(&[], since(), since() + Duration::days(400)), Stage::None);
    }
}
