//! Is a store open for business? Pure.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kernel::problem::Problem;

use super::SubscriptionStatus;
use crate::tenants::{Resolved, TenantState};

/// How a store stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It trades.
    Open,
    /// It was ordered a moment ago.
    NotReady,
    /// It does not trade.
    Closed,
}

/// Lets a request through to a store that trades. Webhooks of payments are let through without asking: money in
/// flight settles.
pub fn open_for_business(store: &Resolved, now: DateTime<Utc>) -> Result<(), Problem> {
    match judge(store.state, store.subscription_status, store.trial_ends_at, now) {
        Standing::Open => Ok(()),
        Standing::NotReady => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "tenant.provisioning",
            "the store is being made ready; try again in a moment",
        )
        .retry_after(1)),
        Standing::Closed => {
            Err(Problem::new(StatusCode::FORBIDDEN, "tenant.suspended", "this store is not open at the moment"))
        }
    }
}

/// The rule. A trial ends by itself, whether or not somebody has noted that it did.
pub fn judge(
    state: TenantState,
    subscription: SubscriptionStatus,
    trial_ends_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Standing {
    match state {
        TenantState::Provisioning => return Standing::NotReady,
        TenantState::Suspended | TenantState::Closing | TenantState::Closed => return Standing::Closed,
        TenantState::Active => {}
    }
    match subscription {
        SubscriptionStatus::Active | SubscriptionStatus::PastDue => Standing::Open,
        SubscriptionStatus::Trialing if trial_ends_at.is_none_or(|end| now < end) => Standing::Open,
        SubscriptionStatus::Trialing
        | SubscriptionStatus::Unpaid
        | SubscriptionStatus::Canceled
        | SubscriptionStatus::Incomplete
        | SubscriptionStatus::Paused => Standing::Closed,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn every_state_and_subscription() {
        let now = DateTime::UNIX_EPOCH + Duration::days(20_000);
        let tomorrow = Some(now + Duration::days(1));
        for state in TenantState::ALL {
            for status in SubscriptionStatus::ALL {
                use SubscriptionStatus::{Active, PastDue, Trialing};
                let pays = [Trialing, Active, PastDue].contains(&status);
                let want = match state {
                    TenantState::Provisioning => Standing::NotReady,
                    TenantState::Active if pays => Standing::Open,
                    TenantState::Active | TenantState::Suspended | TenantState::Closing | TenantState::Closed => {
                        Standing::Closed
                    }
                };
                assert_eq!(judge(state, status, tomorrow, now), want, "{state:?} {status:?}");
            }
        }
    }

    #[test]
    fn a_trial_ends_by_itself() {
        let now = DateTime::UNIX_EPOCH + Duration::days(20_000);
        let judged = |status, end| judge(TenantState::Active, status, end, now);
        assert_eq!(judged(SubscriptionStatus::Trialing, Some(now)), Standing::Closed);
        assert_eq!(judged(SubscriptionStatus::Trialing, Some(now + Duration::seconds(1))), Standing::Open);
        assert_eq!(judged(SubscriptionStatus::Active, Some(now - Duration::days(1))), Standing::Open);
    }
}
