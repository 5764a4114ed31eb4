//! Use some of a limited feature, or learn that there is no more.

use std::sync::Arc;

use kernel::db::TenantTx;
use kernel::entitlements::{Allowance, Entitlements};

use super::{LimitReached, MAX_ORDERS_PER_MONTH, db};
use crate::shop::Shop;

/// Is one more than `used` allowed?
fn one_more(entitlements: &Entitlements, feature: &'static str, used: i64) -> Result<(), LimitReached> {
    match entitlements.allowance(feature) {
        Allowance::UpTo(limit) if used >= limit => {
            let plan = entitlements.plan_allowing(feature, used).map(str::to_owned);
            Err(LimitReached { feature, limit, used, plan })
        }
        Allowance::Unlimited | Allowance::UpTo(_) => Ok(()),
    }
}

/// Uses one of a feature that is counted for ever. The counter stays locked until the transaction ends.
pub async fn take(tx: &mut TenantTx, shop: &Shop, feature: &'static str) -> sqlx::Result<Result<(), LimitReached>> {
    let used = db::lock(tx, feature, "").await?;
    if let Err(reached) = one_more(&shop.entitlements, feature, used) {
        return Ok(Err(reached));
    }
    db::add(tx, feature, "", 1).await?;
    Ok(Ok(()))
}

/// Gives back one of a feature that is counted for ever.
pub async fn give_back(tx: &mut TenantTx, feature: &'static str) -> sqlx::Result<()> {
    db::lock(tx, feature, "").await?;
    db::add(tx, feature, "", -1).await
}

/// A counter of the present month, locked.
#[derive(Debug, Clone)]
pub struct MonthlyOrders {
    period: String,
    /// Orders created this month.
    pub used: i64,
    entitlements: Arc<Entitlements>,
}

impl MonthlyOrders {
    /// So many used of what is allowed.
    #[cfg(test)]
    pub(crate) fn for_tests(used: i64, entitlements: Entitlements) -> Self {
        Self { period: String::new(), used, entitlements: Arc::new(entitlements) }
    }

    /// Does the plan allow one more?
    pub fn allows_one_more(&self) -> Result<(), LimitReached> {
        one_more(&self.entitlements, MAX_ORDERS_PER_MONTH, self.used)
    }
}

/// Locks this month's count of orders until the transaction ends.
pub async fn used_this_month(tx: &mut TenantTx, shop: &Shop) -> sqlx::Result<MonthlyOrders> {
    let period = db::month(tx).await?;
    let used = db::lock(tx, MAX_ORDERS_PER_MONTH, &period).await?;
    Ok(MonthlyOrders { period, used, entitlements: shop.entitlements.clone() })
}

/// Counts orders just created.
pub async fn record_this_month(tx: &mut TenantTx, counter: &MonthlyOrders, orders: i64) -> sqlx::Result<()> {
    db::add(tx, MAX_ORDERS_PER_MONTH, &counter.period, orders).await
}
