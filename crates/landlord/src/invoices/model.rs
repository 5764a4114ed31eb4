//! What an invoice is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum InvoiceState {
    /// It is being written.
    Draft,
    /// It is to be paid.
    Open,
    /// It is paid.
    Paid,
    /// The platform does not expect it to be paid.
    Uncollectible,
    /// It does not count.
    Void,
}

/// An invoice as a store's owner sees it. Amounts are in the currency's minor unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceView {
    /// The provider's id.
    pub id: String,
    /// The number that stands on it, once it is issued.
    pub number: Option<String>,
    /// How it stands.
    pub status: InvoiceState,
    /// Why it was written, such as `subscription_cycle`.
    pub reason: Option<String>,
    /// What in.
    pub currency: String,
    /// Before tax.
    pub subtotal_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// All of it; negative when something is given back.
    pub total_minor: i64,
    /// What was to be collected.
    pub due_minor: i64,
    /// What is paid.
    pub paid_minor: i64,
    /// What is left to pay.
    pub remaining_minor: i64,
    /// How often it was tried to collect it.
    pub attempts: i32,
    /// When that is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Where it can be looked at and paid.
    pub hosted_url: Option<String>,
    /// Where it is as a PDF.
    pub pdf_url: Option<String>,
    /// What it is for.
    pub period_start: DateTime<Utc>,
    /// Until when.
    pub period_end: DateTime<Utc>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
}
