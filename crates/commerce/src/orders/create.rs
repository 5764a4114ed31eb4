//! Create the orders of a slice of checkouts.

use kernel::db::TenantTx;
use kernel::origin::Origin;
use serde_json::{Value, json};
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
    /// What follows `pending` at once: waiting for money, or sure without it. None: a person's word.
    pub first_step: Option<Step>,
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
    /// Tax that prices and shipping contain.
    pub tax_included_minor: i64,
    /// The part of the added tax that shipping bears.
    pub shipping_tax_minor: i64,
    /// The part of the contained tax that shipping bears.
    pub shipping_tax_included_minor: i64,
    /// What is to be paid.
    pub total_minor: i64,
    /// The code that was used.
    pub promo_code: Option<String>,
    /// How the goods go.
    pub shipping_method: Option<String>,
    /// How the totals came about, rule by rule.
    pub trail: Value,
    /// Why it waits for a person's word; empty: it does not.
    pub review_reasons: Vec<&'static str>,
    /// Milliseconds that it waited for its slice.
    pub queue_wait_ms: i64,
    /// Milliseconds that deciding took.
    pub validation_ms: i64,
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
    /// Its share of the discount.
    pub discount_minor: i64,
    /// Its share of the tax that is added.
    pub tax_minor: i64,
    /// Its share of the tax that is contained.
    pub tax_included_minor: i64,
    /// How that came about, rule by rule.
    pub trail: Value,
}

impl NewOrder {
    /// The stage that it is created in.
    pub fn stage(&self) -> Result<Stage, OrderError> {
        self.first_step.map_or(Ok(Stage::Pending), |step| Stage::Pending.after(step))
    }

    /// How many events tell of its making.
    pub(super) fn version(&self) -> i64 {
        if self.first_step.is_some() { 2 } else { 1 }
    }
}

/// Writes the orders: one statement per table, however many. Returns the events to tell.
pub async fn create(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<Vec<Event>, OrderError> {
    db::insert(tx, orders).await?;
    db::insert_items(tx, orders).await?;
    let mut events = Vec::with_capacity(2 * orders.len());
    for order in orders {
        events.extend(told(order)?);
    }
    Ok(events)
}

fn told(order: &NewOrder) -> Result<Vec<Event>, OrderError> {
    let items: Vec<_> = order
        .items
        .iter()
        .map(|item| {
            json!({
                "id": item.id, "variant_id": item.variant_id, "sku": item.sku, "quantity": item.quantity,
                "unit_price_minor": item.unit_price_minor, "total_minor": item.total_minor,
                "discount_minor": item.discount_minor, "tax_minor": item.tax_minor,
                "tax_included_minor": item.tax_included_minor,
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
    let (made, moved) = (Stage::Pending.name(), order.stage()?.name());
    let mut told = vec![event(
        1,
        "order.created",
        json!({
            "from": null, "to": made, "reason": null,
            "number": order.number, "currency": order.currency, "subtotal_minor": order.subtotal_minor,
            "discount_minor": order.discount_minor, "shipping_minor": order.shipping_minor,
            "tax_minor": order.tax_minor, "total_minor": order.total_minor,
            "tax_included_minor": order.tax_included_minor, "promo_code": order.promo_code,
            "shipping_method": order.shipping_method, "payment_method": order.payment_method,
            "review_reasons": order.review_reasons, "items": items,
        }),
    )];
    if let Some(step) = order.first_step {
        let data = json!({ "number": order.number, "from": made, "to": moved, "reason": null });
        told.push(event(2, step.event(), data));
    }
    Ok(told)
}
