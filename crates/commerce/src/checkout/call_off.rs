//! Call a purchase off for staff: one way, whoever of them wants it and however far the money has got.

use std::time::Duration;

use kernel::db::TenantTx;

use super::end::{end, undecided};
use super::hold::{Held, hold_order};
use super::model::Status;
use super::settle::settle;
use super::undo::release;
use super::{CheckoutError, Ending, db};
use crate::events::{self, Event};
use crate::jobs::{self, Due, Kind, NewJob};
use crate::orders::{self, OrderId, Stage, Step};
use crate::payments::{self, PaymentError, Status as Money};
use crate::shop::Shop;

/// A job goes on where a request died.
const AGAIN: Duration = Duration::from_secs(30);
/// How often the purchase is looked at again, because its money was promised while it was being called off.
const LOOKS: usize = 3;

/// Calls the payment of an order off, whether it waits for the shopper or is authorised; the order ends with it, and
/// its goods go back. `reason` stands on the order. Called off before: nothing happens. Paid meanwhile: the error says
/// so.
pub async fn call_off(shop: &Shop, order: OrderId, reason: &str) -> Result<(), CheckoutError> {
    for _ in 0..LOOKS {
        let held = kernel::db::retrying(|| async {
            let mut tx = shop.db.begin().await?;
            let mut held = hold_order(&mut tx, order).await?;
            let told = begin(&mut tx, shop, &mut held, reason).await?;
            events::tell(&mut tx, shop, &told).await?;
            tx.commit().await?;
            Ok::<_, CheckoutError>(held)
        })
        .await?;
        ask(shop, &held).await?;
        match status(shop, order).await? {
            Money::Succeeded => return Err(PaymentError::AlreadyPaid.into()),
            // Promised just before the provider was asked.
            Money::Authorized => {}
            Money::Created
            | Money::Processing
            | Money::RequiresAction
            | Money::Unknown
            | Money::Failed
            | Money::Cancelled => return Ok(()),
        }
    }
    Err(undecided())
}

/// Writes down that a held purchase is called off, and has a job see to it; where nobody has to be asked, it ends at
/// once. Returns the events to tell. [`call_off`] does the rest.
pub(super) async fn begin(
    tx: &mut TenantTx,
    shop: &Shop,
    held: &mut Held,
    reason: &str,
) -> Result<Vec<Event>, CheckoutError> {
    if held.payment.status == Money::Succeeded {
        return Err(PaymentError::AlreadyPaid.into());
    }
    if held.payment.status == Money::Authorized {
        payments::set_void_reason(tx, &mut held.payment, reason).await?;
        payments::call_off_later(tx, shop, held.payment.id, AGAIN).await?;
        return Ok(Vec::new());
    }
    if held.checkout.status == Status::Active {
        if held.checkout.ending.is_none() {
            // Before the provider is asked: its own news of it may be here first.
            db::set_ending(tx, held.checkout.id, Ending::CancelledByStaff).await?;
            db::set_failure(tx, held.checkout.id, reason).await?;
            let request_id = shop.origin.request_id.clone();
            let job =
                NewJob { kind: Kind::ExpireCheckout, subject: held.checkout.id.0, due: Due::In(AGAIN), request_id };
            jobs::enqueue(tx, shop, &[job]).await?;
        }
        return Ok(Vec::new());
    }
    // Money that would have come by itself: nobody has to be asked.
    let mut told = payments::give_up(tx, &mut held.payment, Money::Cancelled, reason).await?;
    if !matches!(held.order.stage, Stage::Cancelled | Stage::Failed) {
        told.push(orders::step(tx, shop, &mut held.order, Step::Cancel, Some(reason)).await?);
        told.extend(release(tx, shop, held, reason).await?);
    }
    Ok(told)
}

/// Asks the provider, where there is something to ask.
async fn ask(shop: &Shop, held: &Held) -> Result<(), CheckoutError> {
    if held.checkout.status == Status::Active {
        return match end(shop, held.checkout.id, Ending::CancelledByStaff).await {
            // Completed in between: how the money stands says what that means.
            Err(CheckoutError::Ended(_)) => Ok(()),
            outcome => outcome,
        };
    }
    if held.payment.status == Money::Authorized {
        let asked = payments::cancel(shop, held.payment.id).await?;
        settle(shop, held.payment.id, asked).await?;
    }
    Ok(())
}

async fn status(shop: &Shop, order: OrderId) -> Result<Money, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let latest = payments::of_order(&mut tx, order).await?.ok_or(PaymentError::NotFound)?;
    let payment = payments::read(&mut tx, latest.id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok(payment.status)
}
