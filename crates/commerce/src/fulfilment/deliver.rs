//! Note that shipments have arrived.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::ShipmentStatus;
use super::step::{note, take};
use super::{FulfilmentError, ShipmentId, db};
use crate::events;
use crate::orders::{self, OrderId, Stage, Step};
use crate::payments;
use crate::shop::Shop;

/// What has arrived.
#[derive(Debug, Clone, Default, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct DeliverOrder {
    /// One shipment; left out: all that are on their way.
    pub shipment_id: Option<ShipmentId>,
}

/// Notes what has arrived. When all of the order has left and arrived, it is delivered, and cash counts as collected.
pub async fn deliver(shop: &Shop, id: OrderId, request: &DeliverOrder) -> Result<(), FulfilmentError> {
    kernel::db::retrying(|| attempt(shop, id, request)).await
}

async fn attempt(shop: &Shop, id: OrderId, request: &DeliverOrder) -> Result<(), FulfilmentError> {
    let mut tx = shop.db.begin().await?;
    let mut order = orders::lock_for_staff(&mut tx, shop, id).await?;
    let shipments = db::of_order(&mut tx, id).await?;
    if let Some(wanted) = request.shipment_id
        && !shipments.iter().any(|shipment| shipment.id == wanted)
    {
        return Err(FulfilmentError::NoSuchShipment);
    }
    // What has not left cannot arrive: an order none of which has left refuses by its stage.
    if shipments.is_empty() || !matches!(order.stage, Stage::Packed | Stage::Shipped) {
        order.allows(Step::Deliver)?;
    }
    let arrived = db::deliver(&mut tx, id, request.shipment_id).await?;
    if arrived.is_empty() {
        return Err(FulfilmentError::NothingToDeliver);
    }
    let on_its_way =
        shipments.iter().any(|shipment| shipment.status == ShipmentStatus::Shipped && !arrived.contains(&shipment.id));
    let mut told = Vec::new();
    if order.stage == Stage::Shipped && !on_its_way {
        told.push(take(&mut tx, shop, &mut order, Step::Deliver, None).await?);
        let collected = payments::collect(&mut tx, shop, id).await?;
        if !collected.is_empty() {
            orders::money_came(&mut tx, &order).await?;
        }
        told.extend(collected);
    } else {
        let data = json!({ "number": order.number, "shipments": arrived });
        told.push(orders::happened(&mut tx, &mut order, "order.partially_delivered", data).await?);
        let stage = order.stage;
        note(&mut tx, shop, &order, "order.partially_delivered", stage, None).await?;
    }
    events::tell(&mut tx, shop, &told).await?;
    tx.commit().await?;
    Ok(())
}
