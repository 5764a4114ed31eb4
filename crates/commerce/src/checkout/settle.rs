//! Carry what is known of a payment over to order, stock, cart and checkout: the one place where webhook, question and
//! first answer meet.

use std::time::Duration;

use kernel::db::TenantTx;
use kernel::metrics;
use serde_json::{Value, json};

use super::hold::{Held, Whose, hold};
use super::late::late;
use super::model::Status;
use super::undo::{Undone, release, undo};
use super::{CheckoutError, db, faults};
use crate::carts;
use crate::events::{self, Event};
use crate::inventory;
use crate::orders::{self, Review, Stage, Step};
use crate::payments::{self, Asked, Change, PaymentError, PaymentId, Status as Money};
use crate::shop::Shop;
use crate::{jobs, settings};

/// What settling led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The payment stands as reported.
    Applied,
    /// The provider refused to prepare it; the purchase came to nothing. Its code.
    Refused(String),
}

/// Why a payment is called off without its order: another attempt takes its place.
pub(super) const REPLACED: &str = "replaced";

/// Applies the provider's word. Doing so again, or late, changes nothing.
pub async fn settle(shop: &Shop, payment: PaymentId, asked: Asked) -> Result<Settled, CheckoutError> {
    kernel::db::retrying(|| attempt(shop, payment, &asked)).await
}

async fn attempt(shop: &Shop, payment: PaymentId, asked: &Asked) -> Result<Settled, CheckoutError> {
    let mut tx = shop.db.begin_routine().await?;
    let mut held = hold(&mut tx, Whose::Payment(payment)).await?.ok_or(PaymentError::NotFound)?;
    // Whoever brings the provider's word, it belongs to the purchase.
    let shop = &shop.correlated(held.correlation.take());
    let (settled, told) = follow(&mut tx, shop, &mut held, asked).await?;
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(settled)
}

/// Applies the provider's word to a purchase that is held. Returns the events to tell.
pub(super) async fn follow(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &mut Held,
    asked: &Asked,
) -> Result<(Settled, Vec<Event>), CheckoutError> {
    let report = match asked {
        Asked::Refused { code } => {
            let mut told = payments::give_up(tx, &mut held.payment, Money::Failed, code).await?;
            if !told.is_empty() {
                faults::note(tx, shop, held, &told).await?;
                told.extend(cancelled(tx, shop, held, "payment_refused").await?);
            }
            return Ok((Settled::Refused(code.clone()), told));
        }
        Asked::Report(report) => report,
    };
    let waits = held.waits();
    let (change, mut told) = payments::apply(tx, shop, &mut held.payment, report, waits).await?;
    match change {
        Change::None => {}
        Change::Authorized => authorized(tx, shop, held).await?,
        Change::Succeeded => told.extend(paid(tx, shop, held).await?),
        Change::Cancelled => told.extend(cancelled(tx, shop, held, "payment_cancelled").await?),
        Change::Late => told.extend(late(tx, shop, held, report).await?),
        Change::Stray => told.extend(payments::stray(tx, shop, &held.payment, report).await?),
    }
    faults::note(tx, shop, held, &told).await?;
    Ok((Settled::Applied, told))
}

/// The money is promised: the goods are the order's own and the cart is closed; the order waits for the money.
async fn authorized(tx: &mut TenantTx, shop: &Shop, held: &mut Held) -> Result<(), CheckoutError> {
    if held.checkout.status == Status::Active {
        let log = phases(&["payment_authorized", "stock_committed"], shop);
        db::finish(tx, held.checkout.id, Status::Completed, Some("payment_authorized"), None, &log).await?;
        carts::complete(tx, &[held.checkout.cart]).await?;
    }
    inventory::commit(tx, &[held.order.id.0]).await?;
    tracing::info!(
        event = "payment.authorized", tenant = %shop.slug, request_id = shop.origin.request_id,
        order_id = %held.order.id, payment_id = %held.payment.id, "payment authorized"
    );
    // Approved before the shopper had agreed to pay: nobody is going to ask again.
    if held.order.review == Some(Review::Approved) && settings::read(tx).await?.capture == settings::Capture::Automatic
    {
        super::capture::request(tx, shop, held.payment.id, Duration::ZERO).await?;
    }
    Ok(())
}

/// The money is there: the order is paid, its goods are its own, the cart is closed.
pub(super) async fn paid(tx: &mut TenantTx, shop: &Shop, held: &mut Held) -> Result<Vec<Event>, CheckoutError> {
    let event = orders::step(tx, shop, &mut held.order, Step::Pay, None).await?;
    if held.checkout.status == Status::Active {
        let log = phases(&["payment_authorized", "payment_captured", "stock_committed", "completed"], shop);
        db::finish(tx, held.checkout.id, Status::Completed, Some("completed"), None, &log).await?;
        carts::complete(tx, &[held.checkout.cart]).await?;
        inventory::commit(tx, &[held.order.id.0]).await?;
    } else {
        let log = phases(&["payment_captured", "completed"], shop);
        db::advance(tx, held.checkout.id, "completed", &log).await?;
    }
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
async fn cancelled(tx: &mut TenantTx, shop: &Shop, held: &mut Held, reason: &str) -> Result<Vec<Event>, CheckoutError> {
    let named = held.payment.void_reason.clone();
    if held.payment.surplus || named.as_deref() == Some(REPLACED) {
        return Ok(Vec::new());
    }
    if held.checkout.status == Status::Active {
        let failed = Undone { checkout: Status::Failed, order: Step::Fail, reason };
        let undone = match held.checkout.ending {
            Some(ending) => ending.undone(),
            None => failed,
        };
        let reason = held.checkout.failure.clone().unwrap_or_else(|| undone.reason.to_owned());
        let undone = Undone { reason: &reason, ..undone };
        return undo(tx, shop, held, &undone).await;
    }
    if held.checkout.status == Status::Completed && held.order.stage == Stage::AwaitingPayment {
        // The promise was called off, or the provider let it lapse.
        let reason = named.unwrap_or_else(|| "authorization_lapsed".to_owned());
        let event = orders::step(tx, shop, &mut held.order, Step::Cancel, Some(&reason)).await?;
        let mut told = vec![event];
        told.extend(release(tx, shop, held, &reason).await?);
        return Ok(told);
    }
    Ok(Vec::new())
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
    if wait(shop, payment, attempts).await?.is_none() {
        return Ok(None);
    }
    match payments::ask(shop, payment).await {
        Ok(asked) => {
            settle(shop, payment, asked).await?;
        }
        Err(PaymentError::Provider(error)) => {
            tracing::warn!(tenant = %shop.slug, payment_id = %payment, %error, "the provider does not say how a payment stands");
            faults::retried(shop, payment).await?;
        }
        Err(error) => return Err(error.into()),
    }
    wait(shop, payment, attempts).await
}

/// How long until the provider is to be asked; `None`: not any more.
async fn wait(shop: &Shop, id: PaymentId, attempts: i32) -> Result<Option<Duration>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let found = payments::read(&mut tx, id).await?;
    tx.commit().await?;
    let Some(payment) = found else { return Ok(None) };
    let seconds = match payment.status {
        // Nobody knows: soon, then at least once a minute.
        Money::Created | Money::Unknown => 5 << attempts.clamp(0, 3),
        Money::Processing | Money::RequiresAction if payment.asks > 0 => 5 << attempts.clamp(0, 3),
        // The shopper is at it, and the provider tells by itself when it is done.
        Money::Processing | Money::RequiresAction => 30 << attempts.clamp(1, 2),
        Money::Authorized => 30 * 60,
        Money::Succeeded | Money::Failed | Money::Cancelled => return Ok(None),
    };
    Ok(Some(Duration::from_secs(seconds)))
}

/// Has an undecided payment asked about by a job.
pub(super) fn look_later(shop: &Shop, payment: PaymentId, delay: Duration) -> jobs::NewJob {
    jobs::NewJob {
        kind: jobs::Kind::SettlePayment,
        subject: payment.0,
        due: jobs::Due::In(delay),
        request_id: shop.origin.request_id.clone(),
    }
}

/// Raises the alarm over payments that nobody has been able to decide for an hour. Returns how many.
pub async fn raise_undecided(shop: &Shop) -> Result<usize, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let found = payments::undecided_for_an_hour(&mut tx, 100).await?;
    tx.commit().await?;
    let mut raised = 0;
    for (id, order) in found {
        let mut tx = shop.db.begin().await?;
        orders::lock(&mut tx, order).await?;
        let fresh = payments::flag_undecided(&mut tx, id).await?;
        if fresh {
            faults::undecided(&mut tx, shop, order, id).await?;
        }
        tx.commit().await?;
        if fresh {
            raised += 1;
            tracing::error!(
                event = "payment.undecided", tenant = %shop.slug, payment_id = %id,
                "the provider has not said for an hour how a payment stands; a person must look at it"
            );
        }
    }
    Ok(raised)
}
