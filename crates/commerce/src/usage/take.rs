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

/// How many orders were created this month, of how many.
#[derive(Debug, Clone)]
pub struct MonthlyOrders {
    /// Orders created this month.
    pub used: i64,
    entitlements: Arc<Entitlements>,
}

impl MonthlyOrders {
    /// What the store's plan says to `used`. It is counted in the store's own row, which whoever creates orders holds,
    /// so the limit holds exactly.
    pub fn of(shop: &Shop, used: i64) -> Self {
        Self { used, entitlements: shop.entitlements.clone() }
    }

    /// So many used of what is allowed.
    #[cfg(test)]
    pub(crate) fn for_tests(used: i64, entitlements: Entitlements) -> Self {
        Self { used, entitlements: Arc::new(entitlements) }
    }

    /// Does the plan allow one more?
    pub fn allows_one_more(&self) -> Result<(), LimitReached> {
        one_more(&self.entitlements, MAX_ORDERS_PER_MONTH, self.used)
    }
}
