//! What an order is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Review;

kernel::id! {
    /// Identifies an order.
    OrderId
}

kernel::id! {
    /// Identifies a line of an order.
    OrderItemId
}

/// Where the goods go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Address {
    /// Who receives them.
    pub recipient_name: String,
    /// Their phone number.
    pub phone: String,
    /// Street and house number.
    pub line1: String,
    /// Flat, floor, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// Town.
    pub city: String,
    /// Province or state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// An order, as shopper and staff see it. All amounts in minor units of `currency`, fixed at purchase.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Gap-free per store.
    pub number: i64,
    /// How far it has got.
    pub status: String,
    /// Three capital letters.
    pub currency: String,
    /// Σ of the lines.
    pub subtotal_minor: i64,
    /// Taken off.
    pub discount_minor: i64,
    /// For sending.
    pub shipping_minor: i64,
    /// Tax that is added.
    pub tax_minor: i64,
    /// Tax that prices and shipping contain.
    pub tax_included_minor: i64,
    /// subtotal − discount + shipping + tax.
    pub total_minor: i64,
    /// The promotion's code that was used.
    pub promo_code: Option<String>,
    /// How the goods go.
    pub shipping_method: Option<String>,
    /// Does a person look at it before it goes on, or has one?
    pub review: Option<Review>,
    /// `card` or `cod`.
    pub payment_method: String,
    /// The shopper's.
    pub email: String,
    /// The shopper's, if given.
    pub phone: Option<String>,
    /// Where the goods go.
    pub shipping_address: Address,
    /// Why it failed or was cancelled.
    pub failure: Option<String>,
    /// The lines.
    pub items: Vec<OrderItem>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the money came.
    pub paid_at: Option<DateTime<Utc>>,
}

/// A line of an order, as it was at purchase.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderItem {
    /// Its id.
    pub id: OrderItemId,
    /// What was bought.
    pub product_id: Uuid,
    /// Which variant.
    pub variant_id: Uuid,
    /// Its stock-keeping unit then.
    pub sku: String,
    /// Its title then.
    pub title: String,
    /// How many.
    pub quantity: i32,
    /// The price of one then.
    pub unit_price_minor: i64,
    /// price × quantity.
    pub total_minor: i64,
    /// Its share of the discount.
    pub discount_minor: i64,
    /// Its share of the tax that is added.
    pub tax_minor: i64,
    /// Its share of the tax that is contained.
    pub tax_included_minor: i64,
    /// How many have left.
    pub shipped_quantity: i32,
    /// For how many the money went back.
    pub refunded_quantity: i32,
}
