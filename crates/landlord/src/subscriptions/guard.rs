//! Is a store open for business, and for which? Pure.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use kernel::problem::Problem;

use super::SubscriptionStatus;
use crate::dunning::Stage;
use crate::tenants::{Resolved, TenantState};

/// How a store stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It trades.
    Open,
    /// It is behind with paying, and does what its ladder leaves it.
    Behind(Stage),
    /// It was ordered a moment ago.
    NotReady,
    /// It does not trade.
    Closed,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// Somebody looks, or fills a cart.
    Look,
    /// A shopper begins a checkout.
    Checkout,
    /// Staff adds a product.
    NewProduct,
    /// Staff changes anything else.
    Change,
    /// Staff does what shoppers who paid are owed: packs, ships, cancels.
    Order,
    /// Money goes back.
    Refund,
}

/// Lets a request through to a store that may do what it is about. Webhooks of payments are let through without asking:
/// money in flight settles.
pub fn let_through(store: &Resolved, errand: Errand, now: DateTime<Utc>) -> Result<(), Problem> {
    match judge(store.state, store.subscription_status, store.trial_ends_at, store.behind, now) {
        Standing::Open => Ok(()),
        Standing::Behind(stage) => leaves(stage, errand),
        Standing::NotReady => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "tenant.provisioning",
            "the store is being made ready; try again in a moment",
        )
        .retry_after(1)),
        Standing::Closed => Err(suspended()),
    }
}

fn suspended() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "tenant.suspended", "this store is not open at the moment")
}

/// What a stage of the ladder leaves. Money may always go back, and what shoppers have paid for may be sent to them
/// until the store is closed.
fn leaves(stage: Stage, errand: Errand) -> Result<(), Problem> {
    let refuse = |code, detail: &str| Err(Problem::new(StatusCode::FORBIDDEN, code, detail));
    if stage >= Stage::Suspended && errand != Errand::Refund {
        return Err(suspended());
    }
    match errand {
        Errand::Checkout if stage >= Stage::CheckoutPaused => {
            refuse("tenant.checkout_paused", "this store takes no orders at the moment")
        }
        Errand::NewProduct | Errand::Change if stage >= Stage::ReadOnly => refuse(
            "tenant.read_only",
            "the store can be looked at, and orders can be handled, but nothing else can be changed until its owner has paid; see the billing page",
        ),
        Errand::NewProduct if stage >= Stage::ProductsFrozen => refuse(
            "tenant.products_frozen",
            "no products can be added until the store's owner has paid; see the billing page",
        ),
        Errand::Look | Errand::Checkout | Errand::NewProduct | Errand::Change | Errand::Order | Errand::Refund => {
            Ok(())
        }
    }
}

/// The rule. A trial ends by itself, whether or not somebody has noted that it did; once it is noted, its ladder says
/// what the store may still do.
pub fn judge(
    state: TenantState,
    subscription: SubscriptionStatus,
    trial_ends_at: Option<DateTime<Utc>>,
    behind: Option<Stage>,
    now: DateTime<Utc>,
) -> Standing {
    match state {
        TenantState::Provisioning => return Standing::NotReady,
        TenantState::Suspended | TenantState::Closing | TenantState::Closed => return Standing::Closed,
        TenantState::Active => {}
    }
    if let Some(stage) = behind {
        return Standing::Behind(stage);
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

    const ERRANDS: [Errand; 6] =
        [Errand::Look, Errand::Checkout, Errand::NewProduct, Errand::Change, Errand::Order, Errand::Refund];

    #[test]
    fn every_state_and_subscription() {
        let now = DateTime::UNIX_EPOCH + Duration::days(20_000);
        let tomorrow = Some(now + Duration::days(1));
        for state in TenantState::ALL {
            for status in SubscriptionStatus::ALL {
                use SubscriptionStatus::{Active, PastDue, Trialing};
                let pays = [Trialing, Active, PastDue].contains(&status);
                let want = |open| match state {
                    TenantState::Provisioning => Standing::NotReady,
                    TenantState::Active => open,
                    TenantState::Suspended | TenantState::Closing | TenantState::Closed => Standing::Closed,
                };
                let open = if pays { Standing::Open } else { Standing::Closed };
                assert_eq!(judge(state, status, tomorrow, None, now), want(open), "{state:?} {status:?}");
                for stage in Stage::ALL {
                    let judged = judge(state, status, tomorrow, Some(stage), now);
                    assert_eq!(judged, want(Standing::Behind(stage)), "{state:?} {status:?} {stage:?}");
                }
            }
        }
    }

    #[test]
    fn a_trial_ends_by_itself() {
        let now = DateTime::UNIX_EPOCH + Duration::days(20_000);
        let judged = |status, end| judge(TenantState::Active, status, end, None, now);
        assert_eq!(judged(SubscriptionStatus::Trialing, Some(now)), Standing::Closed);
        assert_eq!(judged(SubscriptionStatus::Trialing, Some(now + Duration::seconds(1))), Standing::Open);
        assert_eq!(judged(SubscriptionStatus::Active, Some(now - Duration::days(1))), Standing::Open);
    }

    #[test]
    fn every_stage_and_errand() {
        let refused = |stage, errand| leaves(stage, errand).err().map(|problem| problem.code);
        for stage in Stage::ALL {
            for errand in ERRANDS {
                let want = match (stage, errand) {
                    (_, Errand::Refund) => None,
                    (Stage::Suspended, _) => Some("tenant.suspended"),
                    (Stage::CheckoutPaused, Errand::Checkout) => Some("tenant.checkout_paused"),
                    (Stage::CheckoutPaused | Stage::ReadOnly, Errand::NewProduct | Errand::Change) => {
                        Some("tenant.read_only")
                    }
                    (Stage::ProductsFrozen, Errand::NewProduct) => Some("tenant.products_frozen"),
                    _ => None,
                };
                assert_eq!(refused(stage, errand), want, "{stage:?} {errand:?}");
            }
        }
    }
}
