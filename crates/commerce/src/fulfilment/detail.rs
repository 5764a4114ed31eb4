//! An order with everything that belongs to it, as staff sees it.

use kernel::db::TenantTx;
use serde::Serialize;

use super::{FulfilmentError, Shipment, db};
use crate::orders::{self, OrderId, StaffView};
use crate::payments::{self, Payment};

/// An order with everything that belongs to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderDetail {
    #[serde(flatten)]
    order: StaffView,
    /// The latest try to pay it.
    payments: Vec<Payment>,
    /// What has left, the first one first.
    shipments: Vec<Shipment>,
}

/// Reads an order with everything that belongs to it.
pub(super) async fn detail(tx: &mut TenantTx, id: OrderId) -> Result<OrderDetail, FulfilmentError> {
    Ok(OrderDetail {
        order: orders::staff_view(tx, id).await?,
        payments: payments::of_order(tx, id).await?.into_iter().collect(),
        shipments: db::of_order(tx, id).await?,
    })
}
