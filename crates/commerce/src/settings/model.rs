//! What a store's settings are.

use chrono::{DateTime, Utc};
use kernel::money::Currency;
use serde::Serialize;

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
    /// When the store was opened.
    pub created_at: DateTime<Utc>,
    /// When this was last changed.
    pub updated_at: DateTime<Utc>,
}
