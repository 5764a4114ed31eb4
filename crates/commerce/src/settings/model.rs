//! What a store's settings are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::money::Currency;
use serde::{Deserialize, Serialize};

/// How card payments are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Capture {
    /// At once.
    Automatic,
    /// Authorised at once, and taken when staff says so.
    Manual,
}

/// A store's settings.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Settings {
    /// What shoppers see.
    pub store_name: String,
    /// What prices are in; fixed when the store is opened.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Where shoppers may write to.
    pub support_email: Option<String>,
    /// How long a checkout holds stock; null: as the platform says.
    pub checkout_ttl_minutes: Option<i32>,
    /// Staff is told when no more than this is available of a variant.
    pub low_stock_threshold: i32,
    /// Stripe Connect account that the money goes to; null: the platform's own.
    pub stripe_account: Option<String>,
    /// Where the store is: a cart without an address is taxed as if it were sent there.
    pub country: Option<String>,
    /// How card payments are taken.
    pub capture: Capture,
    /// By how much a total may have moved since the shopper saw it.
    pub price_tolerance_minor: i64,
    /// Does an edit of a cart that is being bought call the purchase off? Else it is refused.
    pub edit_cancels_checkout: bool,
    /// Cash on delivery above this waits for an identity check; null: as the platform says, and so below.
    pub cod_review_minor: Option<i64>,
    /// Any order above this waits for an approval.
    pub order_review_minor: Option<i64>,
    /// A customer with so many orders that are not sure yet is looked at.
    pub pending_orders_review: Option<i32>,
    /// So is one with so many orders within an hour.
    pub hourly_orders_review: Option<i32>,
    /// And one who orders the same again within so many minutes; 0: never.
    pub duplicate_minutes: Option<i32>,
    /// After so many hours an order that waits for a word is rejected by itself; 0: never.
    pub review_hold_hours: Option<i32>,
    /// Refunds above this need a second person, by the role of who asks. A role that is not named: as the platform says.
    pub refund_approval_minor: BTreeMap<String, i64>,
    /// How shoppers may pay: `card`, `cod`, `manual`.
    pub payment_methods: Vec<String>,
    /// How many days goods wait for money that comes by itself, such as a bank transfer.
    pub manual_payment_days: i32,
    /// When the store was opened.
    pub created_at: DateTime<Utc>,
    /// When this was last changed.
    pub updated_at: DateTime<Utc>,
}
