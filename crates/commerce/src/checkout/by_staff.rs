//! What staff does with an order that is not sure yet, as far as its checkout and its cart are concerned.

use kernel::db::TenantTx;

use super::model::Status;
use super::settle::phases;
use super::{CheckoutError, db};
use crate::events::Event;
use crate::orders::{self, Locked, OrderId, Step};
use crate::shop::Shop;
use crate::{carts, inventory};

/// Locks the cart and the checkout of an order, which come before the order itself.
pub async fn hold_order(tx: &mut TenantTx, order: OrderId) -> Result<(), CheckoutError> {
    if let Some((checkout, cart)) = db::of_order(tx, order).await? {
        carts::lock_for_checkout(tx, &[cart]).await?;
        db::lock(tx, checkout).await?;
    }
    Ok(())
}

/// Makes an order sure that nobody pays by card: its goods are its own, its checkout is completed and its cart closed.
/// [`hold_order`] came before, and the order is locked. Returns the events to tell.
pub async fn confirm(tx: &mut TenantTx, shop: &Shop, order: &mut Locked) -> Result<Vec<Event>, CheckoutError> {
    let event = orders::step(tx, shop, order, Step::Confirm, None).await?;
    if let Some((id, cart)) = db::of_order(tx, order.id).await?
        && let Some(checkout) = db::lock(tx, id).await?
        && checkout.status == Status::Active
    {
        let log = phases(&["stock_committed", "completed"], shop);
        db::finish(tx, id, Status::Completed, Some("completed"), None, &log).await?;
        carts::complete(tx, &[cart]).await?;
    }
    inventory::commit(tx, &[order.id.0]).await?;
    Ok(vec![event])
}
