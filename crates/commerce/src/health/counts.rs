//! Count what a store has, for gauges over all stores together.

use std::collections::BTreeMap;

use kernel::db::TenantDb;

use super::db;
use crate::orders::public_status;

/// How much there is of everything, in one store or in many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Orders by what people see of them.
    pub orders: BTreeMap<&'static str, i64>,
    /// Orders that have waited for their money for more than an hour.
    pub orders_stuck: i64,
    /// Payments by status.
    pub payments: BTreeMap<String, i64>,
    /// Refunds by status.
    pub refunds: BTreeMap<String, i64>,
    /// Units, and variants.
    pub stock: Stock,
}

/// What is in stock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// Units that can be sold.
    pub available: i64,
    /// Units that are set aside.
    pub reserved: i64,
    /// Variants with few left.
    pub low: i64,
    /// Variants with none left.
    pub out: i64,
    /// Levels that are negative or oversold.
    pub inconsistent: i64,
}

/// Counts what one store has.
pub async fn count(store: &TenantDb) -> sqlx::Result<Counts> {
    let mut counts = Counts::default();
    let mut tx = store.begin().await?;
    sqlx::query!("set transaction read only").execute(tx.conn()).await?;
    for orders in db::orders(&mut tx).await? {
        *counts.orders.entry(public_status(orders.stage, orders.money)).or_default() += orders.count;
    }
    counts.orders_stuck = db::orders_stuck(&mut tx).await?;
    counts.payments = db::payments(&mut tx).await?.into_iter().collect();
    counts.refunds = db::refunds(&mut tx).await?.into_iter().collect();
    counts.stock = db::stock(&mut tx).await?;
    tx.rollback().await?;
    Ok(counts)
}

impl Counts {
    /// Adds what another store has.
    pub fn add(&mut self, other: Self) {
        for (status, count) in other.orders {
            *self.orders.entry(status).or_default() += count;
        }
        for (status, count) in other.payments {
            *self.payments.entry(status).or_default() += count;
        }
        for (status, count) in other.refunds {
            *self.refunds.entry(status).or_default() += count;
        }
        self.orders_stuck += other.orders_stuck;
        self.stock.available += other.stock.available;
        self.stock.reserved += other.stock.reserved;
        self.stock.low += other.stock.low;
        self.stock.out += other.stock.out;
        self.stock.inconsistent += other.stock.inconsistent;
    }
}
