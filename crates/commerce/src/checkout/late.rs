//! Money that nobody waits for any more: the order comes back to life with it, or it goes back.

use kernel::db::TenantTx;

use super::hold::Held;
use super::model::Status;
use super::settle::phases;
use super::{CheckoutError, db, faults};
use crate::carts::{self, CartStatus};
use crate::events::Event;
use crate::inventory;
use crate::orders::{self, Stage, Step};
use crate::payments::{self, Report};
use crate::shop::Shop;

/// Takes the money in if the order only ran out of time and its goods are still there; otherwise sends it back.
pub(super) async fn late(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &mut Held,
    report: &Report,
) -> Result<Vec<Event>, CheckoutError> {
    if can_live(held) {
        if let Some(reclaimed) = inventory::reclaim(tx, shop, held.order.id.0).await? {
            let mut told = revive(tx, shop, held, report).await?;
            told.extend(reclaimed);
            return Ok(told);
        }
        faults::goods_gone(tx, shop, held).await?;
    }
    let flag = match held.order.stage {
        Stage::Failed | Stage::Cancelled => "paid_after_end",
        Stage::Pending
        | Stage::AwaitingPayment
        | Stage::Paid
        | Stage::Confirmed
        | Stage::Packed
        | Stage::Shipped
        | Stage::Delivered
        | Stage::Fulfilled => "paid_twice",
    };
    let flag = if held.payment.surplus { "another_intent" } else { flag };
    Ok(payments::return_surplus(tx, shop, &mut held.payment, report, flag).await?)
}

/// Not when a person called it off, when the cart has been bought again or is about to be, or when a promotion was
/// given back that somebody else may have used since.
fn can_live(held: &Held) -> bool {
    let ran_out = matches!(held.checkout.status, Status::Expired | Status::Failed);
    let unwanted = held.payment.surplus || held.payment.void_reason.is_some() || held.promotion;
    held.order.stage == Stage::Failed && ran_out && held.cart == CartStatus::Open && !unwanted
}

async fn revive(tx: &mut TenantTx, shop: &Shop, held: &mut Held, report: &Report) -> Result<Vec<Event>, CheckoutError> {
    let accepted = payments::accept_late(tx, shop, &mut held.payment, report).await?;
    let stepped = orders::step(tx, shop, &mut held.order, Step::Revive, Some("paid_after_expiry")).await?;
    let log = phases(&["inventory_reserved", "payment_captured", "stock_committed", "completed"], shop);
    db::revive(tx, held.checkout.id, &log).await?;
    carts::close(tx, &[held.checkout.cart], &[held.checkout.cart]).await?;
    tracing::info!(
        event = "order.paid", tenant = %shop.slug, request_id = shop.origin.request_id, order_id = %held.order.id,
        payment_id = %held.payment.id, checkout_id = %held.checkout.id, "an order that had run out of time is paid after all"
    );
    Ok(vec![accepted, stepped])
}
