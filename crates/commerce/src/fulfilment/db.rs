//! The SQL of fulfilment. Nothing outside this folder touches these tables.

use kernel::db::TenantTx;
use serde_json::Value;
use uuid::Uuid;

use super::allot::Left;
use super::model::ShipmentStatus;
use super::{ShipOrder, Shipment, ShipmentId, ShipmentItem};
use crate::orders::{OrderId, OrderItemId};

/// Writes a shipment as the next of its order, which is locked. Returns its number.
pub(super) async fn insert(
    tx: &mut TenantTx,
    id: ShipmentId,
    order: OrderId,
    request: &ShipOrder,
    by: &Value,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "insert into shipments (id, order_id, number, status, carrier, tracking_number, tracking_url, shipped_by)
         values ($1, $2, (select count(*) + 1 from shipments where order_id = $2), 'shipped', $3, $4, $5, $6)
         returning number",
        id.0,
        order.0,
        request.carrier,
        request.tracking_number,
        request.tracking_url,
        by,
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn insert_items(tx: &mut TenantTx, id: ShipmentId, lines: &[Left]) -> sqlx::Result<()> {
    let items: Vec<Uuid> = lines.iter().map(|line| line.item.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    sqlx::query!(
        "insert into shipment_items (shipment_id, order_item_id, quantity)
         select $1, u.item, u.quantity from unnest($2::uuid[], $3::int[]) as u (item, quantity)",
        id.0,
        &items,
        &quantities,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The shipments of an order, the first one first.
pub(super) async fn of_order(tx: &mut TenantTx, order: OrderId) -> sqlx::Result<Vec<Shipment>> {
    let rows = sqlx::query!(
        r#"select id as "id: ShipmentId", number, status as "status: ShipmentStatus", carrier, tracking_number,
                  tracking_url, shipped_by, shipped_at, delivered_at
           from shipments where order_id = $1 order by number"#,
        order.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut shipments: Vec<Shipment> = rows
        .into_iter()
        .map(|row| Shipment {
            id: row.id,
            number: row.number,
            status: row.status,
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            tracking_url: row.tracking_url,
            items: Vec::new(),
            shipped_by: row.shipped_by,
            shipped_at: row.shipped_at,
            delivered_at: row.delivered_at,
        })
        .collect();
    let ids: Vec<Uuid> = shipments.iter().map(|shipment| shipment.id.0).collect();
    let items = sqlx::query!(
        r#"select shipment_id as "shipment_id: ShipmentId", order_item_id as "order_item_id: OrderItemId", quantity
           from shipment_items where shipment_id = any($1) order by shipment_id, order_item_id"#,
        &ids,
    )
    .fetch_all(tx.conn())
    .await?;
    for item in items {
        if let Some(shipment) = shipments.iter_mut().find(|shipment| shipment.id == item.shipment_id) {
            shipment.items.push(ShipmentItem { order_item_id: item.order_item_id, quantity: item.quantity });
        }
    }
    Ok(shipments)
}

/// Notes that shipments of an order have arrived: one of them, or all that are on their way. Returns which.
pub(super) async fn deliver(
    tx: &mut TenantTx,
    order: OrderId,
    only: Option<ShipmentId>,
) -> sqlx::Result<Vec<ShipmentId>> {
    sqlx::query_scalar!(
        r#"update shipments set status = 'delivered', delivered_at = now()
           where order_id = $1 and status = 'shipped' and ($2::uuid is null or id = $2)
           returning id as "id: ShipmentId""#,
        order.0,
        only.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await
}
