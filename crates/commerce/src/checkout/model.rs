//! What a checkout is, and what a shopper sends to start one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::carts::CartId;

kernel::id! {
    /// Identifies a checkout.
    CheckoutId
}

/// What a shopper sends. All of it is checked at once, so fields that are missing are told together.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct StartCheckout {
    /// The cart to buy.
    pub cart_id: CartId,
    /// Where to write to.
    #[serde(default)]
    #[schema(required)]
    pub email: String,
    /// Where to call.
    #[serde(default)]
    pub phone: Option<String>,
    /// Where the goods go.
    #[serde(default)]
    pub shipping_address: ShippingAddress,
    /// How the goods go; left out: the store's standard.
    #[serde(default)]
    pub shipping_method: Option<String>,
    /// `card`, `cod` or `manual`, where the store takes it.
    #[serde(default)]
    #[schema(required)]
    pub payment_method: String,
    /// A promotion's code.
    #[serde(default)]
    pub promo_code: Option<String>,
    /// The total that the shopper has seen; another one refuses the checkout.
    #[serde(default)]
    pub expected_total_minor: Option<i64>,
}

/// An address as it is sent: what is missing is told, not guessed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ShippingAddress {
    #[serde(default)]
    pub recipient_name: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub line1: Option<String>,
    #[serde(default)]
    pub line2: Option<String>,
    #[serde(default)]
    pub city: Option<String>,
    #[serde(default)]
    pub province: Option<String>,
    #[serde(default)]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: Option<String>,
}

/// How a purchase is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Through Stripe.
    Card,
    /// Cash on delivery.
    Cod,
    /// By bank transfer or in some other way that staff confirms.
    Manual,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Cod => "cod",
            Self::Manual => "manual",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Card, Self::Cod, Self::Manual].into_iter().find(|method| method.name() == name)
    }
}

/// How a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(super) enum Status {
    Active,
    Completed,
    Failed,
    Expired,
    Cancelled,
}

impl Status {
    const ALL: [Self; 5] = [Self::Active, Self::Completed, Self::Failed, Self::Expired, Self::Cancelled];

    /// The status of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}
