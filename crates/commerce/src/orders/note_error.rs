//! Note what went wrong with an order, for a person to see to.

use kernel::db::TenantTx;
use serde_json::Value;

use super::{OrderError, OrderId, db};
use crate::shop::Shop;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FaultCategory {
    /// What was asked was not acceptable.
    Validation,
    /// The money was declined, or does not fit.
    Payment,
    /// The goods are not there.
    Inventory,
    /// On its way to the shopper.
    Shipping,
    /// In our own house.
    System,
    /// Somebody else's service.
    External,
}

impl FaultCategory {
    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Payment => "payment",
            Self::Inventory => "inventory",
            Self::Shipping => "shipping",
            Self::System => "system",
            Self::External => "external",
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FaultSeverity {
    /// The order goes on.
    Low,
    /// To be looked at.
    Medium,
    /// The order cannot go on.
    High,
    /// Money or goods are at stake.
    Critical,
}

/// Something that went wrong with an order.
#[derive(Debug, Clone)]
pub struct OrderFault<'a> {
    /// What kind of thing.
    pub category: FaultCategory,
    /// How bad it is.
    pub severity: FaultSeverity,
    /// Such as `payment.declined`.
    pub code: &'a str,
    /// For staff: what happened.
    pub message: &'a str,
    /// What belongs to it.
    pub data: Value,
}

/// Writes a fault down and counts it. The caller holds the order, or nothing that comes after it. While a fault of the
/// same code is open it is not written again: the order has that trouble already.
pub async fn note_error(
    tx: &mut TenantTx,
    shop: &Shop,
    order: OrderId,
    fault: &OrderFault<'_>,
) -> Result<(), OrderError> {
    let fresh = db::insert_fault(tx, order, fault, &shop.origin.request_id).await?;
    if fresh {
        kernel::metrics::order_error(fault.category.name());
    }
    db::count_fault(tx, order, fault.message, fresh).await
}

/// Counts that something for this order is tried again.
pub async fn note_retry(tx: &mut TenantTx, order: OrderId) -> Result<(), OrderError> {
    kernel::metrics::order_retried();
    db::count_retry(tx, order).await
}
