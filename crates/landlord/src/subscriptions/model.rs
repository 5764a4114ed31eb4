//! What is kept of a subscription.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::SubscriptionStatus;

/// A smaller plan that is paid from the next period on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Code of the plan.
    pub plan: String,
    /// When the store gets it.
    pub at: DateTime<Utc>,
}

/// A subscription as it is stored: the trial of a store that nobody pays for yet, or the mirror of the provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Code of the plan whose features the store has.
    pub plan: String,
    /// Whether it pays.
    pub status: SubscriptionStatus,
    /// What is paid.
    pub price: Option<Uuid>,
    /// `sub_…`, when there is one.
    pub stripe_subscription: Option<String>,
    /// The plan's item on it.
    pub stripe_item: Option<String>,
    /// When a trial ends or ended.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// What is paid for at the moment.
    pub period_start: Option<DateTime<Utc>>,
    /// When it is paid again.
    pub period_end: Option<DateTime<Utc>>,
    /// When it is going to end.
    pub cancel_at: Option<DateTime<Utc>>,
    /// When somebody asked for its end.
    pub canceled_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What comes with the next period.
    pub pending: Option<Pending>,
    /// Since when it is behind.
    pub behind_since: Option<DateTime<Utc>>,
}

impl Kept {
    /// Is there a subscription at the provider that has not ended?
    pub fn is_subscribed(&self) -> bool {
        self.stripe_subscription.is_some() && self.status != SubscriptionStatus::Canceled
    }
}
