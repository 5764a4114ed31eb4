//! A person's word on an order that waits for it.

use kernel::db::TenantTx;
use serde::Deserialize;

use super::hold::{Held, hold_order};
use super::model::Status;
use super::{CheckoutError, Ending, end};
use crate::orders::{self, Locked, OrderId, Review, Stage, Step};
use crate::payments;
use crate::shop::Shop;
use crate::{events, inventory, pricing};

/// Why an order is approved or rejected.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewOrder {
    /// For the history, at most 200 characters.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reason: Option<String>,
}

/// Lets an order go on: one that is paid on delivery is confirmed, and its goods are its own. Approved before: nothing
/// happens.
pub(super) async fn approve(shop: &Shop, id: OrderId, reason: Option<&str>) -> Result<(), CheckoutError> {
    kernel::db::retrying(|| async {
        let mut tx = shop.db.begin().await?;
        let (_, mut order) = held(&mut tx, shop, id).await?;
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
    let left = kernel::db::retrying(|| attempt_reject(shop, id, reason)).await?;
    match left {
        Some(checkout) => end(shop, checkout, Ending::Cancelled).await,
        None => Ok(()),
    }
}

/// Writes the word down. What was to be paid on delivery ends with it; otherwise the checkout that has still to be
/// called off, for the provider must be asked first.
async fn attempt_reject(
    shop: &Shop,
    id: OrderId,
    reason: Option<&str>,
) -> Result<Option<super::CheckoutId>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let (mut held, mut order) = held(&mut tx, shop, id).await?;
    let active = (held.checkout.status == Status::Active).then_some(held.checkout.id);
    match order.review {
        Some(Review::Pending) => open(&order)?,
        Some(Review::Rejected) => return Ok(active),
        Some(Review::Approved) => return Err(CheckoutError::Reviewed("approved")),
        None => return Err(CheckoutError::NotUnderReview),
    }
    let mut told = vec![orders::reviewed(&mut tx, shop, &mut order, Review::Rejected, reason).await?];
    if active.is_none() {
        told.push(orders::step(&mut tx, shop, &mut order, Step::Cancel, Some("rejected")).await?);
        told.extend(payments::give_up(&mut tx, &mut held.payment, payments::Status::Cancelled, "rejected").await?);
        pricing::release(&mut tx, &[id.0]).await?;
        told.extend(inventory::release(&mut tx, shop, id.0, "rejected").await?);
    }
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    tracing::info!(event = "order.rejected", tenant = %shop.slug, request_id = shop.origin.request_id, order_id = %id, "order rejected");
    Ok(active)
}

/// Locks all that the order consists of, in the one order that all share.
async fn held(tx: &mut TenantTx, shop: &Shop, id: OrderId) -> Result<(Held, Locked), CheckoutError> {
    orders::order(tx, id).await?;
    let held = hold_order(tx, id).await?;
    let order = orders::lock_for_staff(tx, shop, id).await?;
    Ok((held, order))
}

/// Only what has not ended can be stopped or go on.
fn open(order: &Locked) -> Result<(), CheckoutError> {
    order.allows(Step::Fail)?;
    Ok(())
}
