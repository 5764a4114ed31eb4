//! Use some of a limited feature, or learn that there is no more.

use kernel::db::TenantTx;
use kernel::entitlements::Allowance;

use super::{LimitReached, MAX_ORDERS_PER_MONTH, db};
use crate::shop::Shop;

/// How many more are allowed when `used` are used.
fn allowed(shop: &Shop, feature: &str, used: i64) -> i64 {
    match shop.entitlements.allowance(feature) {
        Allowance::Unlimited => i64::MAX,
        Allowance::UpTo(limit) => (limit - used).max(0),
    }
}

/// Why one more than `used` is not allowed.
fn reached(shop: &Shop, feature: &'static str, used: i64) -> LimitReached {
    let limit = match shop.entitlements.allowance(feature) {
        Allowance::Unlimited => i64::MAX,
        Allowance::UpTo(limit) => limit,
    };
    let plan = shop.entitlements.plan_allowing(feature, used).map(str::to_owned);
    LimitReached { feature, limit, used, plan }
}

/// Uses one of a feature that is counted for ever. The counter stays locked until the transaction ends.
pub async fn take(tx: &mut TenantTx, shop: &Shop, feature: &'static str) -> sqlx::Result<Result<(), LimitReached>> {
    let used = db::lock(tx, feature, "").await?;
    if allowed(shop, feature, used) < 1 {
        return Ok(Err(reached(shop, feature, used)));
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
#[derive(Debug)]
pub struct MonthlyOrders {
    period: String,
    /// Orders created this month.
    pub used: i64,
    /// How many more are allowed.
    pub left: i64,
    /// The refusal for the first one too many.
    pub reached: LimitReached,
}

/// Locks this month's count of orders until the transaction ends.
pub async fn used_this_month(tx: &mut TenantTx, shop: &Shop) -> sqlx::Result<MonthlyOrders> {
    let period = db::month(tx).await?;
    let used = db::lock(tx, MAX_ORDERS_PER_MONTH, &period).await?;
    let left = allowed(shop, MAX_ORDERS_PER_MONTH, used);
    Ok(MonthlyOrders { period, used, left, reached: reached(shop, MAX_ORDERS_PER_MONTH, used) })
}

/// Counts orders just created.
pub async fn record_this_month(tx: &mut TenantTx, counter: &MonthlyOrders, orders: i64) -> sqlx::Result<()> {
    db::add(tx, MAX_ORDERS_PER_MONTH, &counter.period, orders).await
}
