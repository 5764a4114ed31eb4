//! The end of waiting for a person's word: staff is reminded, and then the order is rejected by itself.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::CheckoutError;
use super::review::let_lapse;
use crate::orders::{self, OrderId, Review, Stage};
use crate::payments::PaymentError;
use crate::shop::Shop;
use crate::{events, settings};

/// Staff is reminded so long before the end, or when half of the time is over.
const NOTICE: TimeDelta = TimeDelta::hours(24);
/// The longest wait: the store may choose another time meanwhile.
const LOOK: Duration = Duration::from_secs(6 * 3600);

/// What to do about an order that waits.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Wait(Duration),
    Remind,
    Reject,
}

/// Goes on with an order that waits for a word. Returns how long to wait before looking again; `None` once it does not
/// wait any more.
pub async fn end_review(shop: &Shop, id: OrderId) -> Result<Option<Duration>, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let own = settings::read(&mut tx).await?.review_hold_hours;
    let Some(waiting) = orders::under_review(&mut tx, id).await? else { return Ok(None) };
    tx.commit().await?;
    let hours = own.map_or(i64::from(shop.platform.review.hold_hours), i64::from);
    if hours == 0 {
        return Ok(Some(LOOK));
    }
    match next(waiting.since, waiting.now, waiting.reminded, TimeDelta::hours(hours)) {
        Next::Wait(time) => Ok(Some(time)),
        Next::Remind => {
            kernel::db::retrying(|| remind(shop, id, waiting.since + TimeDelta::hours(hours))).await?;
            Ok(Some(Duration::from_secs(1)))
        }
        Next::Reject => match let_lapse(shop, id).await {
            // A word came just before.
            Ok(()) | Err(CheckoutError::Reviewed(_) | CheckoutError::NotUnderReview) => Ok(None),
            // The money came just before, or the provider does not say: the job that calls the payment off goes on.
            Err(CheckoutError::Payment(PaymentError::AlreadyPaid)) => Ok(None),
            Err(CheckoutError::Payment(PaymentError::Provider(error))) => {
                tracing::warn!(tenant = %shop.slug, order_id = %id, %error, "an order under review could not be ended yet");
                Ok(Some(Duration::from_secs(60)))
            }
            Err(error) => Err(error),
        },
    }
}

fn next(since: DateTime<Utc>, now: DateTime<Utc>, reminded: bool, hold: TimeDelta) -> Next {
    let end = since + hold;
    if now >= end {
        return Next::Reject;
    }
    let notice = end - NOTICE.min(hold / 2);
    if !reminded && now >= notice {
        return Next::Remind;
    }
    let until = if reminded { end } else { notice };
    Next::Wait((until - now).to_std().unwrap_or_default().clamp(Duration::from_secs(1), LOOK))
}

/// Tells staff, once, that an order is about to be rejected.
async fn remind(shop: &Shop, id: OrderId, ends_at: DateTime<Utc>) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let mut order = orders::lock(&mut tx, id).await?;
    let waits = order.review == Some(Review::Pending) && matches!(order.stage, Stage::Pending | Stage::AwaitingPayment);
    if waits && orders::note_reminder(&mut tx, &order).await? {
        let data = json!({ "number": order.number, "total_minor": order.total_minor, "ends_at": ends_at });
        let told = orders::happened(&mut tx, &mut order, "order.review_due", data).await?;
        events::tell(&mut tx, shop, &[told]).await?;
        tracing::warn!(event = "order.review_due", tenant = %shop.slug, order_id = %id, %ends_at, "an order still waits for a person's word");
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_is_reminded_once_and_in_time() {
        let since = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let at = |hours| since + TimeDelta::hours(hours);
        let hold = TimeDelta::hours(72);
        assert_eq!(next(since, at(0), false, hold), Next::Wait(LOOK));
        assert_eq!(next(since, at(47), false, hold), Next::Wait(Duration::from_secs(3600)));
        assert_eq!(next(since, at(48), false, hold), Next::Remind);
        assert_eq!(next(since, at(71), true, hold), Next::Wait(Duration::from_secs(3600)));
        assert_eq!(next(since, at(72), true, hold), Next::Reject);
        assert_eq!(next(since, at(99), false, hold), Next::Reject);
        assert_eq!(next(since, at(1), false, TimeDelta::hours(2)), Next::Remind);
    }
}
