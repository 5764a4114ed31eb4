//! Create the orders of a slice of checkouts.

use kernel::db::TenantTx;
use kernel::origin::Origin;
use serde_json::json;
use uuid::Uuid;

use super::{Address, OrderError, OrderId, OrderItemId, Stage, Step, db};
use crate::events::Event;

/// An order to be: everything is decided.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: i64,
    /// The cart that it is made of.
    pub cart: Uuid,
    /// What follows `pending` at once: waiting for money, or sure without it.
    pub first_step: Step,
    /// `card` or `cod`.
    pub payment_method: &'static str,
    /// The shopper's.
    pub email: String,
    /// The shopper's.
    pub phone: Option<String>,
    /// Three capital letters.
    pub currency: &'static str,
    /// Σ of the lines.
    pub subtotal_minor: i64,
    /// Taken off.
    pub discount_minor: i64,
    /// For sending.
    pub shipping_minor: i64,
    /// Tax that is added.
    pub tax_minor: i64,
    /// What is to be paid.
    pub total_minor: i64,
    /// Where the goods go.
    pub shipping_address: Address,
    /// Its lines.
    pub items: Vec<NewOrderItem>,
    /// The request that made it.
    pub origin: Origin,
}

/// A line of an order to be.
#[derive(Debug, Clone)]
pub struct NewOrderItem {
    /// Its id.
    pub id: OrderItemId,
    /// Its product.
    pub product_id: Uuid,
    /// Its variant.
    pub variant_id: Uuid,
    /// As it is now.
    pub sku: String,
    /// As it is now.
    pub title: String,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price_minor: i64,
    /// price × quantity.
    pub total_minor: i64,
}

impl NewOrder {
    /// The stage that it is created in.
    pub fn stage(&self) -> Result<Stage, OrderError> {
        Stage::Pending.after(self.first_step)
    }
}

/// Writes the orders: one statement per table, however many. Returns the events to tell.
pub async fn create(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<Vec<Event>, OrderError> {
    db::insert(tx, orders).await?;
    db::insert_items(tx, orders).await?;
    db::insert_first_history(tx, orders).await?;
    Ok(orders.iter().flat_map(told).collect())
}

fn told(order: &NewOrder) -> [Event; 2] {
    let items: Vec<_> = order
        .items
        .iter()
        .map(|item| {
            json!({
                "id": item.id, "variant_id": item.variant_id, "sku": item.sku, "quantity": item.quantity,
                "unit_price_minor": item.unit_price_minor, "total_minor": item.total_minor,
            })
        })
        .collect();
    let event = |version, event_type, data| Event {
        aggregate_type: "order",
        aggregate_id: order.id.0,
        version,
        event_type,
        data,
        origin: Some(order.origin.clone()),
    };
    [
        event(
            1,
            "order.created",
            json!({
                "number": order.number, "currency": order.currency, "subtotal_minor": order.subtotal_minor,
                "discount_minor": order.discount_minor, "shipping_minor": order.shipping_minor,
                "tax_minor": order.tax_minor, "total_minor": order.total_minor,
                "payment_method": order.payment_method, "items": items,
            }),
        ),
        event(2, order.first_step.event(), json!({ "number": order.number, "from": Stage::Pending.name() })),
    ]
}
