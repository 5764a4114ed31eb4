//! The one gate for what staff does with an order: nobody moves what another member of staff holds.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Locked, OrderError, OrderId, lock};
use crate::shop::Shop;

/// Who of the staff holds an order, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StaffLock {
    /// Since when.
    pub locked_at: DateTime<Utc>,
    /// Who.
    #[schema(value_type = Object)]
    pub locked_by: Value,
    /// Why.
    pub reason: String,
}

impl StaffLock {
    /// Is it held by who acts now?
    pub(super) fn is_of(&self, shop: &Shop) -> bool {
        self.locked_by == json!(shop.origin.actor)
    }
}

/// Locks an order until the transaction ends, for an act of staff: refused while somebody else of the staff holds it.
/// Every verb of staff that moves, refunds or cancels an order begins with this; what settles money does not.
pub async fn lock_for_staff(tx: &mut TenantTx, shop: &Shop, id: OrderId) -> Result<Locked, OrderError> {
    let order = lock(tx, id).await?;
    match &order.held {
        Some(held) if !held.is_of(shop) => Err(OrderError::Held(held.clone())),
        Some(_) | None => Ok(order),
    }
}
