//! Orders that wait for somebody to do something, why, and since when.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;

use super::FulfilmentError;
use crate::orders::{self, Money, OrderId, Review, Stage, Waiting};
use crate::payments::{self, Flagged};

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// `confirm`: nobody pays it by card.
    Confirmation,
    /// `approve` or `reject`.
    Review,
    /// `pack`.
    Packing,
    /// `ship`.
    Shipping,
    /// Somebody to look at its payment: what the provider says does not fit.
    Payment,
    /// Somebody to see to what went wrong.
    Errors,
}

/// Why an order is in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reason {
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What the payment was flagged for, or the last error.
    pub detail: Option<String>,
}

/// An order that waits for somebody to do something.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PendingOrder {
    #[serde(flatten)]
    order: Waiting,
    /// Why; at least one.
    reasons: Vec<Reason>,
}

impl PendingOrder {
    /// Its order.
    pub(super) fn id(&self) -> OrderId {
        self.order.summary.id
    }
}

/// Orders that wait for somebody, the oldest first.
pub(super) async fn pending(
    tx: &mut TenantTx,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<PendingOrder>, FulfilmentError> {
    let mut ids = orders::to_do(tx, after, limit).await?;
    ids.extend(payments::flagged(tx, after, limit).await?);
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let flags = payments::flags_of(tx, &ids).await?;
    let waiting = orders::waiting(tx, &ids).await?;
    Ok(waiting
        .into_iter()
        .map(|order| {
            let flag = flags.iter().find(|flag| flag.order_id == order.summary.id);
            PendingOrder { reasons: reasons(&order, flag), order }
        })
        .collect())
}

fn reasons(order: &Waiting, flag: Option<&Flagged>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut add = |waits_for, since, detail| reasons.push(Reason { waits_for, since, detail });
    if order.review == Some(Review::Pending) {
        add(WaitsFor::Review, order.summary.created_at, None);
    } else if order.money != Money::Full
        && let Some(waits_for) = next_step(order.stage)
    {
        add(waits_for, order.stage_since, None);
    }
    if let Some(flag) = flag {
        add(WaitsFor::Payment, flag.since, Some(flag.flag.clone()));
    }
    if let Some(since) = order.open_errors_since {
        add(WaitsFor::Errors, since, order.last_error.clone());
    }
    reasons
}

fn next_step(stage: Stage) -> Option<WaitsFor> {
    match stage {
        Stage::Pending => Some(WaitsFor::Confirmation),
        Stage::Paid | Stage::Confirmed => Some(WaitsFor::Packing),
        Stage::Packed => Some(WaitsFor::Shipping),
        Stage::AwaitingPayment
        | Stage::Shipped
        | Stage::Delivered
        | Stage::Fulfilled
        | Stage::Failed
        | Stage::Cancelled => None,
    }
}
