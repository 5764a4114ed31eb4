//! A person's word on an order that waits for it.

use kernel::db::TenantTx;
use serde::Deserialize;

use super::call_off::begin;
use super::hold::{Held, hold_order};
use super::{CheckoutError, call_off, capture_when_approved};
use crate::orders::{self, Locked, OrderId, Review, Stage, Step};
use crate::shop::Shop;
use crate::{events, inventory};

/// What stands on a rejected order, which its shopper sees: the person's own words are for the history.
const REJECTED: &str = "rejected";
/// What stands on one that nobody looked at in time.
const LAPSED: &str = "review_lapsed";

/// What ends the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Somebody's word.
    Person,
    /// There was none in time.
    Time,
}

impl By {
    fn failure(self) -> &'static str {
        match self {
            Self::Person => REJECTED,
            Self::Time => LAPSED,
        }
    }
}

/// Why an order is approved or rejected.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewOrder {
    /// For the history, at most 200 characters.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reason: Option<String>,
}

/// Lets an order go on: one that is paid on delivery is confirmed, and its goods are its own; money that is
/// promised is taken. Approved before: nothing happens.
pub(super) async fn approve(shop: &Shop, id: OrderId, reason: Option<&str>) -> Result<(), CheckoutError> {
    kernel::db::retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let (_, mut order) = held(&mut tx, shop, id, By::Person).await?;
        match order.review {
            Some(Review::Pending) => {}
            Some(Review::Approved) => return Ok(()),
            Some(Review::Rejected) => return Err(CheckoutError::Reviewed("rejected")),
            None => return Err(CheckoutError::NotUnderReview),
        }
        let mut told = vec![orders::reviewed(&mut tx, shop, &mut order, Review::Approved, reason).await?];
        if order.stage == Stage::Pending {
            told.push(orders::step(&mut tx, shop, &mut order, Step::Confirm, Some("approved")).await?);
            inventory::commit(&mut tx, &[id.0]).await?;
        }
        capture_when_approved(&mut tx, shop, id).await?;
        events::tell(&mut tx, shop, &told).await?;
        tx.commit().await?;
        tracing::info!(event = "order.approved", tenant = %shop.slug, request_id = shop.origin.request_id, order_id = %id, "order approved");
        Ok(())
    })
    .await
}

/// Stops an order for good: its payment is called off, its goods and promotions go back. Rejected before: only what was
/// left undone then is done. Paid by card in the meantime: it cannot be stopped any more, and the error says so.
pub(super) async fn reject(shop: &Shop, id: OrderId, reason: Option<&str>) -> Result<(), CheckoutError> {
    kernel::db::retrying(|| attempt_reject(shop, id, reason, By::Person)).await?;
    call_off(shop, id, REJECTED).await
}

/// [`reject`], since nobody gave a word in time. Whoever of the staff holds the order had that time too.
pub(super) async fn let_lapse(shop: &Shop, id: OrderId) -> Result<(), CheckoutError> {
    kernel::db::retrying(|| attempt_reject(shop, id, Some(LAPSED), By::Time)).await?;
    call_off(shop, id, LAPSED).await
}

/// Writes the word down, and that the purchase is called off: a job finishes what a crash interrupts.
async fn attempt_reject(shop: &Shop, id: OrderId, reason: Option<&str>, by: By) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let (mut held, mut order) = held(&mut tx, shop, id, by).await?;
    match order.review {
        Some(Review::Pending) => open(&order)?,
        Some(Review::Rejected) => return Ok(()),
        Some(Review::Approved) => return Err(CheckoutError::Reviewed("approved")),
        None => return Err(CheckoutError::NotUnderReview),
    }
    let mut told = vec![orders::reviewed(&mut tx, shop, &mut order, Review::Rejected, reason).await?];
    held.order = order;
    told.extend(begin(&mut tx, shop, &mut held, by.failure()).await?);
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    tracing::info!(event = "order.rejected", tenant = %shop.slug, request_id = shop.origin.request_id, order_id = %id, "order rejected");
    Ok(())
}

/// Locks all that the order consists of, in the one order that all share.
async fn held(tx: &mut TenantTx, shop: &Shop, id: OrderId, by: By) -> Result<(Held, Locked), CheckoutError> {
    orders::order(tx, id).await?;
    let held = hold_order(tx, id).await?;
    let order = match by {
        By::Person => orders::lock_for_staff(tx, shop, id).await?,
        By::Time => orders::lock(tx, id).await?,
    };
    Ok((held, order))
}

/// Only what has not ended can be stopped or go on.
fn open(order: &Locked) -> Result<(), CheckoutError> {
    order.allows(Step::Fail)?;
    Ok(())
}
