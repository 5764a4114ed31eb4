//! End a checkout that came to nothing: its time is over, or the shopper calls it off.

use std::time::Duration;

use axum::http::StatusCode;
use kernel::idempotency::Answer;
use kernel::problem::Problem;

use super::hold::{Whose, hold};
use super::model::Status;
use super::settle::settle;
use super::undo::{Undone, undo};
use super::{CheckoutError, CheckoutId, db, view};
use crate::events;
use crate::jobs::{self, Due, Kind, NewJob};
use crate::orders::Step;
use crate::payments::{self, Asked, PaymentError, PaymentId, Reported};
use crate::shop::Shop;

/// For how many minutes the goods stay held while the provider does not say whether it was paid.
const EXTENSION_MINUTES: i32 = 2;
/// A job goes on where a request that calls a purchase off died, or met a provider that said nothing.
const AGAIN: Duration = Duration::from_secs(15);

/// Why a checkout ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Ending {
    /// Its time is over.
    Expired,
    /// The shopper calls it off.
    Cancelled,
    /// Staff calls it off.
    CancelledByStaff,
}

impl Ending {
    /// The name that is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::CancelledByStaff => "cancelled_by_staff",
        }
    }

    /// What is undone, and in whose name.
    pub(super) fn undone(self) -> Undone<'static> {
        match self {
            Self::Expired => Undone { checkout: Status::Expired, order: Step::Fail, reason: "checkout_expired" },
            Self::Cancelled => {
                Undone { checkout: Status::Cancelled, order: Step::Cancel, reason: "cancelled_by_shopper" }
            }
            Self::CancelledByStaff => {
                Undone { checkout: Status::Cancelled, order: Step::Cancel, reason: "cancelled_by_staff" }
            }
        }
    }
}

/// Ends an active checkout. The provider is asked first: if the money came just before, the order is paid instead; if
/// the provider does not say, the goods stay held and the error says so. Ending twice is ending once.
pub async fn end(shop: &Shop, id: CheckoutId, ending: Ending) -> Result<(), CheckoutError> {
    let Some(payment) = called_off(shop, id, ending).await? else { return Ok(()) };
    if payment.asks_provider {
        match payments::cancel(shop, payment.id).await {
            Ok(asked) => {
                let paid = matches!(&asked, Asked::Report(report)
                    if matches!(report.status, Reported::Succeeded | Reported::Authorized));
                let off = matches!(&asked, Asked::Refused { .. })
                    || matches!(&asked, Asked::Report(report) if report.status == Reported::Cancelled);
                if paid {
                    settle(shop, payment.id, asked).await?;
                    return Ok(());
                }
                if !off {
                    settle(shop, payment.id, asked).await?;
                    extend(shop, id).await?;
                    return Err(undecided());
                }
            }
            Err(error) => {
                extend(shop, id).await?;
                return Err(error.into());
            }
        }
    }
    kernel::db::retrying(|| close(shop, id, payment.id, ending)).await
}

pub(super) fn undecided() -> CheckoutError {
    let reason = "the payment is being processed and can be neither called off nor counted on";
    PaymentError::Provider(stripe_gateway::GatewayError::unknown(reason)).into()
}

struct Pending {
    id: PaymentId,
    asks_provider: bool,
}

/// The payment to call off; `None` when there is nothing to end.
async fn called_off(shop: &Shop, id: CheckoutId, ending: Ending) -> Result<Option<Pending>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let checkout = db::read(&mut tx, id).await?.ok_or(CheckoutError::NotFound)?;
    let payment = payments::of_order(&mut tx, checkout.order).await?.ok_or(PaymentError::NotFound)?;
    let begun = checkout.ending.is_some();
    let wanted = checkout.status == Status::Active && (ending != Ending::Expired || checkout.due || begun);
    if wanted && !begun {
        // Before the provider is asked: its own news of it may be here first.
        db::set_ending(&mut tx, id, ending).await?;
        if ending != Ending::Expired {
            let request_id = shop.origin.request_id.clone();
            let job = NewJob { kind: Kind::ExpireCheckout, subject: id.0, due: Due::In(AGAIN), request_id };
            jobs::enqueue(&mut tx, shop, &[job]).await?;
        }
    }
    tx.commit().await?;
    match checkout.status {
        Status::Active if !wanted => Ok(None),
        Status::Active => Ok(Some(Pending { id: payment.id, asks_provider: payment.provider == "stripe" })),
        Status::Cancelled | Status::Expired | Status::Failed => Ok(None),
        Status::Completed if ending == Ending::Expired => Ok(None),
        Status::Completed => Err(CheckoutError::Ended(Status::Completed.name())),
    }
}

async fn extend(shop: &Shop, id: CheckoutId) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    db::extend(&mut tx, id, EXTENSION_MINUTES).await?;
    tx.commit().await?;
    Ok(())
}

async fn close(shop: &Shop, id: CheckoutId, payment: PaymentId, ending: Ending) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let mut held = hold(&mut tx, Whose::Payment(payment)).await?.ok_or(CheckoutError::NotFound)?;
    let latest = payments::of_order(&mut tx, held.order.id).await?.ok_or(PaymentError::NotFound)?;
    // Another attempt has taken its place: it is called off the next time.
    if held.checkout.id != id || held.checkout.status != Status::Active || latest.id != payment {
        return Ok(());
    }
    let shop = &shop.correlated(events::correlation_of(&mut tx, held.order.id.0).await?);
    let undone = held.checkout.ending.unwrap_or(ending).undone();
    let reason = held.checkout.failure.clone().unwrap_or_else(|| undone.reason.to_owned());
    let undone = Undone { reason: &reason, ..undone };
    let mut told = payments::give_up(&mut tx, &mut held.payment, payments::Status::Cancelled, undone.reason).await?;
    told.extend(undo(&mut tx, shop, &mut held, &undone).await?);
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a checkout whose time is over, or that is being called off. Returns how long to wait before looking again;
/// `None` once it has ended.
pub async fn expire(shop: &Shop, id: CheckoutId, attempts: i32) -> Result<Option<Duration>, CheckoutError> {
    match end(shop, id, Ending::Expired).await {
        Ok(()) => remaining(shop, id).await,
        Err(CheckoutError::Payment(PaymentError::Provider(error))) => {
            tracing::warn!(tenant = %shop.slug, checkout_id = %id, %error, "a checkout could not be ended yet");
            Ok(Some(Duration::from_secs(5 << attempts.clamp(0, 3))))
        }
        Err(error) => Err(error),
    }
}

/// How long an active checkout has still to live; `None` once it has ended.
async fn remaining(shop: &Shop, id: CheckoutId) -> Result<Option<Duration>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let checkout = db::read(&mut tx, id).await?;
    tx.commit().await?;
    Ok(checkout.filter(|checkout| checkout.status == Status::Active).map(|checkout| {
        if checkout.ending.is_some() {
            return Duration::from_secs(5);
        }
        let left = checkout.expires_at - shop.clock.now();
        left.to_std().unwrap_or_default().max(Duration::from_secs(1))
    }))
}

/// Ends the checkouts whose time is over, at most `limit`. Returns how many ended and how many could not.
pub async fn expire_due(shop: &Shop, limit: i64) -> Result<(usize, usize), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let due = db::due(&mut tx, limit).await?;
    tx.commit().await?;
    let (mut ended, mut left) = (0, 0);
    for id in due {
        match end(shop, id, Ending::Expired).await {
            Ok(()) => ended += 1,
            Err(error) => {
                tracing::warn!(tenant = %shop.slug, checkout_id = %id, %error, "a checkout could not be ended yet");
                left += 1;
            }
        }
    }
    Ok((ended, left))
}

/// Calls a checkout off for its shopper, and answers how the purchase stands.
pub(super) async fn cancel(shop: &Shop, id: CheckoutId) -> Result<Answer, Problem> {
    end(shop, id, Ending::Cancelled).await?;
    let mut tx = shop.db.begin().await.map_err(Problem::database)?;
    let purchase = view::read(&mut tx, shop, id).await?;
    tx.commit().await.map_err(Problem::database)?;
    match purchase.checkout.status {
        // The money was quicker.
        "completed" => Err(CheckoutError::Ended(Status::Completed.name()).into()),
        _ => Answer::new(StatusCode::OK, &purchase),
    }
}
