//! What stock is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::VariantId;

/// How much there is of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// In the store room, reserved ones included.
    pub on_hand: i32,
    /// Set aside for orders.
    pub reserved: i32,
    /// Version of the variant's last event.
    pub version: i64,
}

impl Level {
    /// How many can still be sold.
    pub fn available(self) -> i32 {
        self.on_hand - self.reserved
    }
}

/// What to set aside of a variant for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// For which order.
    pub order_id: Uuid,
    /// Of what.
    pub variant_id: VariantId,
    /// How many; at least 1.
    pub quantity: i32,
}

/// How far a reservation has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ReservationStatus {
    Held,
    Committed,
    Shipped,
    Released,
}

impl ReservationStatus {
    /// The name in the database.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Shipped => "shipped",
            Self::Released => "released",
        }
    }
}

/// What is set aside of a variant for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reservation {
    /// Of what.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i32,
    /// How many of them have left.
    pub shipped_quantity: i32,
    /// How many of them were given back.
    pub released_quantity: i32,
    /// How far it has got.
    pub status: ReservationStatus,
}

impl Reservation {
    /// What the order still claims.
    pub fn open_quantity(&self) -> i32 {
        self.quantity - self.shipped_quantity - self.released_quantity
    }
}

/// How much there is of a variant, as staff sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StockLevel {
    /// Of what.
    pub variant_id: VariantId,
    /// The merchant's own name for it.
    pub sku: String,
    /// In the store room, reserved ones included.
    pub on_hand: i32,
    /// Set aside for orders.
    pub reserved: i32,
    /// How many can still be sold.
    pub available: i32,
}

/// One change of a level.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Movement {
    /// Later movements have higher ids.
    pub id: i64,
    /// Of what.
    pub variant_id: VariantId,
    /// How many came into the store room; negative: went out.
    pub delta_on_hand: i32,
    /// How many more are set aside; negative: fewer.
    pub delta_reserved: i32,
    /// Why.
    pub reason: String,
    /// `order`, `adjustment` or `refund`.
    pub reference_type: String,
    /// Which order or refund.
    pub reference_id: Option<Uuid>,
    /// Who.
    #[schema(value_type = Object)]
    pub actor: Value,
    /// When.
    pub created_at: DateTime<Utc>,
}
