//! What was sold with an order and for how much: what can be refunded of it.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::{OrderError, OrderId, OrderItemId};

/// A line as it was sold.
#[derive(Debug, Clone)]
pub struct SoldLine {
    /// Its id.
    pub id: OrderItemId,
    /// Of what.
    pub variant_id: Uuid,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price_minor: i64,
    /// Its share of the order's discount.
    pub discount_minor: i64,
    /// Tax that was added to it.
    pub tax_minor: i64,
}

/// What of an order can be refunded.
#[derive(Debug, Clone)]
pub struct Sold {
    /// Its lines.
    pub lines: Vec<SoldLine>,
    /// What was paid for shipping, with the tax that was added to it.
    pub shipping_minor: i64,
}

/// What was sold with an order.
pub async fn sold(tx: &mut TenantTx, order: OrderId) -> Result<Sold, OrderError> {
    let lines = sqlx::query_as!(
        SoldLine,
        r#"select id as "id: OrderItemId", variant_id, quantity, unit_price_minor, discount_minor, tax_minor
           from order_items where order_id = $1 order by line"#,
        order.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let shipping = sqlx::query_scalar!(
        r#"select shipping_minor + shipping_tax_minor as "shipping!" from orders where id = $1"#,
        order.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(Sold { lines, shipping_minor: shipping.ok_or(OrderError::NotFound)? })
}
