//! Count what promotions are used for, and give uses back.

use std::collections::HashMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::{PromotionId, Uses, db};

/// A use of a promotion by an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// Of which promotion.
    pub promotion: PromotionId,
    /// By which order.
    pub order: Uuid,
    /// By whom: the order's e-mail address.
    pub customer: String,
    /// What it saved.
    pub discount_minor: i64,
}

/// How often promotions are used, in all and by some customers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    total: HashMap<PromotionId, i64>,
    by_customer: HashMap<(PromotionId, String), i64>,
}

/// The same address in other letters is the same customer.
fn customer_key(customer: &str) -> String {
    customer.trim().to_lowercase()
}

impl Counts {
    /// As [`super::quote`] wants it for a basket of this customer; none: of somebody who is not known yet.
    pub fn of(&self, customer: Option<&str>) -> HashMap<PromotionId, Uses> {
        let customer = customer.map(customer_key);
        let by = |promotion: PromotionId| {
            customer.clone().and_then(|customer| self.by_customer.get(&(promotion, customer))).copied().unwrap_or(0)
        };
        let uses = |(promotion, total): (&PromotionId, &i64)| {
            (*promotion, Uses { total: *total, by_customer: by(*promotion) })
        };
        self.total.iter().map(uses).collect()
    }

    /// Counts one use more, so that a later basket of the same transaction finds it.
    pub fn add(&mut self, promotion: PromotionId, customer: &str) {
        *self.total.entry(promotion).or_default() += 1;
        *self.by_customer.entry((promotion, customer_key(customer))).or_default() += 1;
    }
}

/// How often these promotions are used: in all, and by these customers (e-mail addresses). Uses are added under the
/// store's lock alone, so whoever holds it may count on what this tells; without it, it is an estimate.
pub async fn uses(tx: &mut TenantTx, promotions: &[PromotionId], customers: &[&str]) -> sqlx::Result<Counts> {
    if promotions.is_empty() {
        return Ok(Counts::default());
    }
    let total = db::redemptions::used(tx, promotions).await?.into_iter().collect();
    let mut customers: Vec<String> = customers.iter().map(|customer| customer_key(customer)).collect();
    customers.sort_unstable();
    customers.dedup();
    let by_customer = if customers.is_empty() {
        HashMap::new()
    } else {
        db::redemptions::by_customer(tx, promotions, &customers).await?
    };
    Ok(Counts { total, by_customer })
}

/// Writes uses down. The store must be locked; the constraint `promotions_limit_holds` is the last wall.
pub async fn redeem(tx: &mut TenantTx, redemptions: &[Redemption]) -> sqlx::Result<()> {
    if redemptions.is_empty() {
        return Ok(());
    }
    let customers: Vec<String> = redemptions.iter().map(|one| customer_key(&one.customer)).collect();
    db::redemptions::insert(tx, redemptions, &customers).await?;
    db::redemptions::add(tx, &tally(redemptions.iter().map(|one| (one.promotion, 1)))).await
}

/// Gives back what orders that came to nothing have used. Doing it again changes nothing.
pub async fn release(tx: &mut TenantTx, orders: &[Uuid]) -> sqlx::Result<()> {
    let released = db::redemptions::release(tx, orders).await?;
    if released.is_empty() {
        return Ok(());
    }
    db::redemptions::add(tx, &tally(released.into_iter().map(|promotion| (promotion, -1)))).await
}

fn tally(uses: impl Iterator<Item = (PromotionId, i64)>) -> HashMap<PromotionId, i64> {
    let mut sums = HashMap::new();
    for (promotion, count) in uses {
        *sums.entry(promotion).or_default() += count;
    }
    sums
}
