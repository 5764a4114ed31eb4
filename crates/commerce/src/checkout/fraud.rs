//! Which orders wait for a person's word. Pure: no database, no clock.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::money::{Currency, MAX_TOTAL_MINOR};

use super::model::Method;
use crate::orders::Recent;
use crate::settings::Settings;
use crate::shop::ReviewDefaults;

/// From when on an order is looked at; what is `None` is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) cod_minor: i64,
    pub(super) order_minor: i64,
    pub(super) pending: Option<i64>,
    pub(super) hourly: Option<i64>,
    pub(super) duplicate: Option<TimeDelta>,
}

/// An order that is about to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) method: Method,
    pub(super) total_minor: i64,
    /// What is bought, and where it goes: see [`Recent::same`].
    pub(super) same: &'a str,
}

/// Whole units of a currency in minor ones.
fn whole(units: u32, currency: Currency) -> i64 {
    let minor = i64::from(units).saturating_mul(10_i64.saturating_pow(u32::from(currency.decimals())));
    minor.min(MAX_TOTAL_MINOR)
}

impl Limits {
    /// As the store says, else as the platform does.
    pub(super) fn of(settings: &Settings, platform: &ReviewDefaults, currency: Currency) -> Self {
        let count =
            |own: Option<i32>, platform: u32| Some(own.map_or(i64::from(platform), i64::from)).filter(|n| *n > 0);
        Self {
            cod_minor: settings.cod_review_minor.unwrap_or_else(|| whole(platform.cod_above, currency)),
            order_minor: settings.order_review_minor.unwrap_or_else(|| whole(platform.order_above, currency)),
            pending: count(settings.pending_orders_review, platform.pending_orders),
            hourly: count(settings.hourly_orders_review, platform.hourly_orders),
            duplicate: count(settings.duplicate_minutes, platform.duplicate_minutes).and_then(TimeDelta::try_minutes),
        }
    }

    /// How many of a customer's newest orders must be known to decide, and of how many minutes what was in them.
    /// `None`: nothing of the past matters.
    pub(super) fn looks_back(&self) -> Option<(i64, i32)> {
        if self.pending.is_none() && self.hourly.is_none() && self.duplicate.is_none() {
            return None;
        }
        let orders = self.pending.unwrap_or(0).max(self.hourly.unwrap_or(0)).clamp(20, 1000);
        let minutes = self.duplicate.map_or(0, |time| i32::try_from(time.num_minutes()).unwrap_or(i32::MAX));
        Some((orders, minutes))
    }

    /// Why the order of a stranger waits, if it does; `recent` are the customer's newest orders.
    pub(super) fn reasons(&self, order: Candidate<'_>, recent: &[Recent], now: DateTime<Utc>) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if order.method == Method::Cod && order.total_minor > self.cod_minor {
            reasons.push("identity_check");
        }
        if order.total_minor > self.order_minor {
            reasons.push("special_approval");
        }
        let count = |wanted: &dyn Fn(&Recent) -> bool| {
            i64::try_from(recent.iter().filter(|one| wanted(one)).count()).unwrap_or(i64::MAX)
        };
        if self.pending.is_some_and(|limit| count(&|one| one.unsure) >= limit) {
            reasons.push("many_pending");
        }
        let hour = now - TimeDelta::hours(1);
        if self.hourly.is_some_and(|limit| count(&|one| one.created_at > hour) >= limit) {
            reasons.push("velocity");
        }
        if self.duplicate.is_some_and(|time| {
            count(&|one| one.created_at > now - time && one.same.as_deref() == Some(order.same)) > 0
        }) {
            reasons.push("duplicate");
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            cod_minor: 5_000_000,
            order_minor: 50_000_000,
            pending: Some(5),
            hourly: Some(10),
            duplicate: TimeDelta::try_minutes(10),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn ago(minutes: i64, unsure: bool, same: &str) -> Recent {
        Recent { created_at: now() - TimeDelta::minutes(minutes), unsure, same: Some(same.to_owned()) }
    }

    fn reasons(method: Method, total_minor: i64, recent: &[Recent]) -> Vec<&'static str> {
        limits().reasons(Candidate { method, total_minor, same: "a" }, recent, now())
    }

    #[test]
    fn large_sums_are_looked_at() {
        assert!(reasons(Method::Cod, 5_000_000, &[]).is_empty());
        assert_eq!(reasons(Method::Cod, 5_000_001, &[]), ["identity_check"]);
        assert!(reasons(Method::Card, 50_000_000, &[]).is_empty());
        assert_eq!(reasons(Method::Card, 50_000_001, &[]), ["special_approval"]);
        assert_eq!(reasons(Method::Cod, 50_000_001, &[]), ["identity_check", "special_approval"]);
    }

    #[test]
    fn whoever_orders_much_is_looked_at() {
        let unsure = |n| vec![ago(90, true, "b"); n];
        assert!(reasons(Method::Card, 1, &unsure(4)).is_empty());
        assert_eq!(reasons(Method::Card, 1, &unsure(5)), ["many_pending"]);
        let hourly = |n| vec![ago(59, false, "b"); n];
        assert!(reasons(Method::Card, 1, &hourly(9)).is_empty());
        assert_eq!(reasons(Method::Card, 1, &hourly(10)), ["velocity"]);
        assert!(reasons(Method::Card, 1, &vec![ago(60, false, "b"); 10]).is_empty());
    }

    #[test]
    fn the_same_again_is_looked_at_for_a_while() {
        assert_eq!(reasons(Method::Card, 1, &[ago(9, false, "a")]), ["duplicate"]);
        assert!(reasons(Method::Card, 1, &[ago(10, false, "a")]).is_empty());
        assert!(reasons(Method::Card, 1, &[ago(9, false, "b")]).is_empty());
    }

    #[test]
    fn sums_are_in_the_currency_of_the_store() {
        let minor = |code: &str| whole(50_000, code.parse().expect(code));
        assert_eq!((minor("EUR"), minor("JPY"), minor("BHD")), (5_000_000, 50_000, 50_000_000));
    }
}
