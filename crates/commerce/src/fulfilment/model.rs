//! What a shipment is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::orders::OrderItemId;

kernel::id! {
    /// Identifies a shipment.
    ShipmentId
}

/// How far a shipment has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// It is on its way.
    Shipped,
    /// It has arrived.
    Delivered,
}

/// So many of a line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentItem {
    /// Which line.
    #[garde(skip)]
    pub order_item_id: OrderItemId,
    /// How many of it.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    pub quantity: i32,
}

/// What leaves together.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// The how-manieth of its order, from 1.
    pub number: i32,
    /// `shipped` or `delivered`.
    pub status: ShipmentStatus,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's own number.
    pub tracking_number: Option<String>,
    /// Where to follow it.
    pub tracking_url: Option<String>,
    /// What is in it.
    pub items: Vec<ShipmentItem>,
    /// Who sent it off.
    #[schema(value_type = Object)]
    pub shipped_by: Value,
    /// When it left.
    pub shipped_at: DateTime<Utc>,
    /// When it arrived.
    pub delivered_at: Option<DateTime<Utc>>,
}
