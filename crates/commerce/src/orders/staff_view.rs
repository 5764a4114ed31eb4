//! An order as staff sees it: what shoppers see, and what is nobody else's business.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;

use super::db::{self, OrderErrorEntry};
use super::history::{HistoryEntry, history};
use super::{Order, OrderError, OrderId, Review, StaffLock, order};

/// An order as staff sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StaffView {
    #[serde(flatten)]
    order: Order,
    #[serde(flatten)]
    part: StaffPart,
    /// What went wrong and nobody has seen to, the latest first.
    errors: Vec<OrderErrorEntry>,
    /// Every move it made.
    history: Vec<HistoryEntry>,
}

/// What only staff sees of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StaffPart {
    /// How far it has got, whatever went back of its money.
    pub stage: &'static str,
    /// Since when.
    pub stage_since: DateTime<Utc>,
    /// What may be done with it now.
    pub allowed: Vec<&'static str>,
    /// When it was sure without money.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// What of its money has gone back.
    pub refunded_minor: i64,
    /// Where it came from.
    pub source: OrderSource,
    /// Who looked at it, and why it had to be looked at.
    pub review: Option<OrderReview>,
    /// Who of the staff holds it.
    pub lock: Option<StaffLock>,
    /// How long it took.
    pub metrics: OrderMetrics,
    /// How often something went wrong.
    pub error_count: i32,
    /// How often something was tried again.
    pub retry_count: i32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// How many notes there are about it.
    pub notes_count: i64,
}

/// Where an order came from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderSource {
    /// Such as `storefront`.
    pub name: String,
    /// The shopper's address.
    pub ip: Option<String>,
    /// What the shopper's client calls itself.
    pub user_agent: Option<String>,
}

/// Why an order was stopped to be looked at, and what was said of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderReview {
    /// `pending`, `approved` or `rejected`.
    pub status: Review,
    /// Which rules stopped it.
    pub reasons: Vec<String>,
    /// Who looked at it.
    #[schema(value_type = Option<Object>)]
    pub reviewed_by: Option<Value>,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
}

/// How long an order took, in milliseconds; null as long as it is not known.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderMetrics {
    /// Until its slice began.
    pub queue_wait_ms: Option<i64>,
    /// To be decided.
    pub validation_ms: Option<i64>,
    /// Until the money was there.
    pub payment_ms: Option<i64>,
    /// From when it was sure until all of it had left.
    pub fulfilment_ms: Option<i64>,
    /// All of it.
    pub total_ms: Option<i64>,
}

/// Reads an order as staff sees it.
pub async fn staff_view(tx: &mut TenantTx, id: OrderId) -> Result<StaffView, OrderError> {
    Ok(StaffView {
        order: order(tx, id).await?,
        part: db::staff_part(tx, id).await?.ok_or(OrderError::NotFound)?,
        errors: db::faults_of(tx, id, true).await?,
        history: history(tx, id).await?,
    })
}
