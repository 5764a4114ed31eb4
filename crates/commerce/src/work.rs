//! What the worker does for a store: jobs that are due, and events on their way to those who listen.

use std::time::Duration;

use kernel::problem::Problem;
use serde_json::Value;

use crate::catalog::VariantId;
use crate::checkout::{self, CheckoutId};
use crate::events::{self, News};
use crate::inventory;
use crate::jobs::{Job, Kind};
use crate::orders::OrderId;
use crate::payments::PaymentId;
use crate::refunds::{self, RefundId};
use crate::shop::Shop;
use crate::{reports, retention};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// There is nothing left to do.
    Finished,
    /// It is to be done again after so long.
    Again(Duration),
}

/// Does one job. It may be done twice, late, or beside itself.
pub async fn perform(shop: &Shop, job: &Job) -> Result<Done, Problem> {
    match Kind::from_name(&job.kind) {
        Some(Kind::ExpireCheckout) => {
            let wait = checkout::expire(shop, CheckoutId(job.subject), job.attempts).await?;
            Ok(wait.map_or(Done::Finished, Done::Again))
        }
        Some(Kind::EndReview) => {
            let wait = checkout::end_review(shop, OrderId(job.subject)).await?;
            Ok(wait.map_or(Done::Finished, Done::Again))
        }
        Some(Kind::SettlePayment) => {
            let wait = checkout::settle_undecided(shop, PaymentId(job.subject), job.attempts).await?;
            Ok(wait.map_or(Done::Finished, Done::Again))
        }
        Some(Kind::CapturePayment) => {
            let wait = checkout::capture_wished(shop, PaymentId(job.subject), job.attempts).await?;
            Ok(wait.map_or(Done::Finished, Done::Again))
        }
        Some(Kind::CallOffPayment) => {
            let wait = checkout::clear(shop, PaymentId(job.subject), job.attempts).await?;
            Ok(wait.map_or(Done::Finished, Done::Again))
        }
        Some(Kind::ProcessProviderEvents) => {
            checkout::process_open_events(shop).await?;
            Ok(Done::Finished)
        }
        Some(Kind::CatchUpReports) => {
            reports::catch_up(shop).await.map_err(Problem::database)?;
            reports::count_carts(shop).await.map_err(Problem::database)?;
            Ok(Done::Finished)
        }
        Some(Kind::Retain) => match retention::retain(shop).await.map_err(Problem::database)? {
            retention::Progress::Done => Ok(Done::Finished),
            retention::Progress::More => Ok(Done::Again(Duration::ZERO)),
        },
        Some(Kind::ProcessRefund) => {
            let wait = refunds::process(shop, RefundId(job.subject), job.attempts).await?;
            Ok(wait.map_or(Done::Finished, Done::Again))
        }
        // Another version of the server knows what it is.
        None => Ok(Done::Again(Duration::from_secs(60))),
    }
}

/// Hands the events at these positions on: to the published feed, then to each consumer. They may come again.
pub async fn deliver(shop: &Shop, positions: &[i64]) -> Result<(), sqlx::Error> {
    let news = events::publish(shop, positions).await?;
    watch_stock(shop, &news).await?;
    // It has a cursor of its own, and catches up by the clock: its trouble does not hold the news up.
    if let Err(error) = reports::catch_up(shop).await {
        tracing::warn!(tenant = %shop.slug, %error, "the reports lag behind");
    }
    Ok(())
}

/// Consumer: tells when there is little left of a variant.
async fn watch_stock(shop: &Shop, news: &[News]) -> Result<(), sqlx::Error> {
    let mut variants: Vec<VariantId> = news
        .iter()
        .filter(|news| {
            matches!(
                news.event_type.as_str(),
                "stock.reserved" | "stock.adjusted" | "stock.released" | "stock.restocked"
            )
        })
        .map(|news| VariantId(news.aggregate_id))
        .collect();
    variants.sort_unstable();
    variants.dedup();
    if variants.is_empty() { Ok(()) } else { inventory::notice_low_stock(shop, &variants).await }
}

/// What a problem says to a log.
pub fn explain(error: impl Into<Problem>) -> String {
    let problem = error.into();
    let cause = problem.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
    let body: Value = problem.body(None);
    format!("{} {}{cause}", body["code"].as_str().unwrap_or_default(), problem.detail)
}
