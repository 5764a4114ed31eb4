//! Carry what is known of a payment over to order, stock, cart and checkout: the one place where webhook, question and
//! first answer meet.

use std::time::Duration;

use kernel::db::TenantTx;
use kernel::metrics;
use serde_json::{Value, json};

use super::end::{Undone, undo};
use super::model::Status;
use super::{CheckoutError, CheckoutId, db};
use crate::carts::{self, CartId};
use crate::events::{self, Event};
use crate::inventory;
use crate::orders::{self, OrderId, Stage, Step};
use crate::payments::{self, Asked, Change, PaymentError, PaymentId};
use crate::shop::Shop;

/// What settling led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The payment stands as reported.
    Applied,
    /// The provider refused to prepare it; the purchase came to nothing. Its code.
    Refused(String),
}

/// Everything that a purchase consists of, locked in the one order that all share.
pub(super) struct Held {
    pub(super) checkout: db::Checkout,
    pub(super) order: orders::Locked,
    pub(super) payment: payments::Locked,
}

/// Locks cart, checkout, order and payment of a purchase.
pub(super) async fn hold(
    tx: &mut TenantTx,
    checkout: CheckoutId,
    cart: CartId,
    order: OrderId,
    payment: PaymentId,
) -> Result<Held, CheckoutError> {
    carts::lock_for_checkout(tx, &[cart]).await?;
    Ok(Held {
        checkout: db::lock(tx, checkout).await?.ok_or(CheckoutError::NotFound)?,
        order: orders::lock(tx, order).await?,
        payment: payments::lock(tx, payment).await?.ok_or(PaymentError::NotFound)?,
    })
}

/// Applies the provider's word. Doing so again, or late, changes nothing.
pub async fn settle(shop: &Shop, payment: PaymentId, asked: Asked) -> Result<Settled, CheckoutError> {
    kernel::db::retrying(|| attempt(shop, payment, &asked)).await
}

async fn attempt(shop: &Shop, payment: PaymentId, asked: &Asked) -> Result<Settled, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let order = payments::order_of(&mut tx, payment).await?.ok_or(PaymentError::NotFound)?;
    // Whoever brings the provider's word, it belongs to the purchase.
    let shop = &shop.correlated(events::correlation_of(&mut tx, order.0).await?);
    let (checkout, cart) = db::of_order(&mut tx, order).await?.ok_or(CheckoutError::NotFound)?;
    let mut held = hold(&mut tx, checkout, cart, order, payment).await?;
    let (settled, told) = match asked {
        Asked::Refused { code } => {
            let told = payments::give_up(&mut tx, &mut held.payment, payments::Status::Failed, code).await?;
            let told = told.into_iter().chain(fail(&mut tx, shop, &mut held, "payment_refused").await?);
            (Settled::Refused(code.clone()), told.collect::<Vec<Event>>())
        }
        Asked::Report(report) => {
            let (change, mut told) = payments::apply(&mut tx, shop, &mut held.payment, report).await?;
            match change {
                Change::None => {}
                Change::Succeeded => told.extend(paid(&mut tx, shop, &mut held).await?),
                Change::Cancelled => told.extend(fail(&mut tx, shop, &mut held, "payment_cancelled").await?),
            }
            (Settled::Applied, told)
        }
    };
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(settled)
}

/// The money is there: the order is paid, its goods are its own, the cart is closed.
async fn paid(tx: &mut TenantTx, shop: &Shop, held: &mut Held) -> Result<Vec<Event>, CheckoutError> {
    match held.order.stage {
        Stage::Pending | Stage::AwaitingPayment => {}
        Stage::Paid
        | Stage::Confirmed
        | Stage::Packed
        | Stage::Shipped
        | Stage::Delivered
        | Stage::Fulfilled
        | Stage::Failed
        | Stage::Cancelled => return Ok(Vec::new()),
    }
    let event = orders::step(tx, shop, &mut held.order, Step::Pay, None).await?;
    if held.checkout.status == Status::Active {
        let log = phases(&["payment_authorized", "payment_captured", "stock_committed", "completed"], shop);
        db::finish(tx, held.checkout.id, Status::Completed, Some("completed"), None, &log).await?;
        carts::complete(tx, &[held.checkout.cart]).await?;
    }
    inventory::commit(tx, &[held.order.id.0]).await?;
    let now = shop.clock.now();
    metrics::order_paid(metrics::age(held.order.id.0, now));
    metrics::payment_confirmed(metrics::age(held.payment.id.0, now));
    tracing::info!(
        event = "order.paid", tenant = %shop.slug, request_id = shop.origin.request_id,
        correlation_id = shop.origin.correlation_id, order_id = %held.order.id,
        payment_id = %held.payment.id, checkout_id = %held.checkout.id, "checkout completed"
    );
    Ok(vec![event])
}

/// There will be no money: what the purchase took goes back.
async fn fail(tx: &mut TenantTx, shop: &Shop, held: &mut Held, reason: &str) -> Result<Vec<Event>, CheckoutError> {
    if held.checkout.status != Status::Active {
        return Ok(Vec::new());
    }
    let failed = Undone { checkout: Status::Failed, order: Step::Fail, reason };
    let undone = match held.checkout.ending {
        Some(ending) => ending.undone(),
        None => failed,
    };
    undo(tx, shop, held, &undone).await
}

pub(super) fn phases(names: &[&str], shop: &Shop) -> Value {
    let now = shop.clock.now();
    names.iter().map(|name| json!({ "phase": name, "at": now })).collect()
}

/// Asks the provider about a payment that is not decided, and settles it. Returns how long to wait before asking again;
/// `None` once there is nothing left to ask.
pub async fn settle_undecided(
    shop: &Shop,
    payment: PaymentId,
    attempts: i32,
) -> Result<Option<Duration>, CheckoutError> {
    if !undecided(shop, payment).await? {
        return Ok(None);
    }
    let asked = payments::ask(shop, payment).await?;
    settle(shop, payment, asked).await?;
    let wait = Duration::from_secs(30 << attempts.clamp(1, 3));
    Ok(undecided(shop, payment).await?.then_some(wait))
}

async fn undecided(shop: &Shop, payment: PaymentId) -> Result<bool, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let found = payments::lock(&mut tx, payment).await?;
    tx.commit().await?;
    Ok(found.is_some_and(|payment| payment.status.open()))
}
