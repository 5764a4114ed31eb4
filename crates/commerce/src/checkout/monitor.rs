//! How a store's checkouts have fared.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CheckoutError, db};
use crate::shop::Shop;

/// How checkouts have fared over some hours.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Started within these hours; of them:
    pub started: u64,
    /// Came to an order that is sure.
    pub completed: u64,
    /// Came to nothing, as `phase: reason`.
    pub failed: BTreeMap<String, u64>,
    /// Their time ran out.
    pub expired: u64,
    /// Called off.
    pub cancelled: u64,
    /// Still on their way.
    pub active: u64,
    /// Of those on their way, whenever they were started: their time is over.
    pub overdue: u64,
    /// How many took how long until they were completed, by hundredths of a second.
    #[serde(skip)]
    took: BTreeMap<u64, u64>,
}

impl Figures {
    /// Adds another store's.
    pub fn add(&mut self, other: &Self) {
        self.started += other.started;
        self.completed += other.completed;
        for (name, count) in &other.failed {
            *self.failed.entry(name.clone()).or_default() += count;
        }
        self.expired += other.expired;
        self.cancelled += other.cancelled;
        self.active += other.active;
        self.overdue += other.overdue;
        for (time, count) in &other.took {
            *self.took.entry(*time).or_default() += count;
        }
    }

    /// How many of those that have ended came to an order, in hundredths of a percent.
    pub fn success_rate(&self) -> Option<u64> {
        let ended = self.completed + self.expired + self.cancelled + self.failed.values().sum::<u64>();
        (self.completed * 10_000).checked_div(ended)
    }

    /// Milliseconds from start to completion, on average.
    pub fn mean_ms(&self) -> Option<u64> {
        let sum: u64 = self.took.iter().map(|(time, count)| time * 10 * count).sum();
        sum.checked_div(self.took.values().sum())
    }

    /// Milliseconds within which 95 of 100 were completed.
    pub fn p95_ms(&self) -> Option<u64> {
        let all: u64 = self.took.values().sum();
        let wanted = (all * 95).div_ceil(100);
        let mut seen = 0;
        self.took.iter().find_map(|(time, count)| {
            seen += count;
            (seen >= wanted).then_some(time * 10)
        })
    }

    pub(super) fn count(&mut self, status: super::model::Status, why: String, count: u64) {
        use super::model::Status;
        self.started += count;
        match status {
            Status::Active => self.active += count,
            Status::Completed => self.completed += count,
            Status::Failed => *self.failed.entry(why).or_default() += count,
            Status::Expired => self.expired += count,
            Status::Cancelled => self.cancelled += count,
        }
    }

    pub(super) fn took(&mut self, hundredths: u64, count: u64) {
        *self.took.entry(hundredths).or_default() += count;
    }
}

/// How the store's checkouts of the last hours have fared.
pub async fn monitor(shop: &Shop, hours: i32) -> Result<Figures, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let mut figures = Figures::default();
    for (status, phase, failure, count) in db::figures(&mut tx, hours).await? {
        let why = format!("{phase}: {}", failure.as_deref().unwrap_or("unknown"));
        figures.count(status, why, u64::try_from(count).unwrap_or(0));
    }
    for (hundredths, count) in db::times(&mut tx, hours).await? {
        figures.took(u64::try_from(hundredths).unwrap_or(0), u64::try_from(count).unwrap_or(0));
    }
    figures.overdue = u64::try_from(db::overdue(&mut tx).await?).unwrap_or(0);
    tx.commit().await?;
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::super::model::Status;
    use super::*;

    #[test]
    fn figures_of_stores_add_up() {
        let (mut one, mut other) = (Figures::default(), Figures::default());
        assert_eq!((one.success_rate(), one.mean_ms(), one.p95_ms()), (None, None, None));
        one.count(Status::Completed, String::new(), 19);
        one.took(10, 19);
        other.count(Status::Completed, String::new(), 1);
        other.took(100, 1);
        other.count(Status::Failed, "order_created: payment_refused".into(), 4);
        other.count(Status::Active, String::new(), 2);
        one.add(&other);
        assert_eq!((one.started, one.completed, one.active), (26, 20, 2));
        assert_eq!(one.failed["order_created: payment_refused"], 4);
        assert_eq!(one.success_rate(), Some(8_333));
        assert_eq!((one.mean_ms(), one.p95_ms()), (Some(145), Some(100)));
    }
}
