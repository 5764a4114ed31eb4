//! Read one order.

use kernel::db::TenantTx;
use serde_json::Value;
use sqlx::types::Json;

use crate::orders::{Address, Money, Order, OrderError, OrderId, OrderItem, OrderItemId, Review, Stage, public_status};

pub(in crate::orders) async fn order(tx: &mut TenantTx, id: OrderId) -> Result<Option<Order>, OrderError> {
    let row = sqlx::query!(
        r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", currency,
                  subtotal_minor, discount_minor, shipping_minor, tax_minor, tax_included_minor, total_minor, promo_code,
                  shipping_method, review as "review: Review", payment_method, email, phone,
                  shipping_address as "shipping_address: Json<Address>", failure, created_at, paid_at
           from orders where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Order {
        id: row.id,
        number: row.number,
        status: public_status(row.stage, row.money).to_owned(),
        currency: row.currency,
        subtotal_minor: row.subtotal_minor,
        discount_minor: row.discount_minor,
        shipping_minor: row.shipping_minor,
        tax_minor: row.tax_minor,
        tax_included_minor: row.tax_included_minor,
        total_minor: row.total_minor,
        promo_code: row.promo_code,
        shipping_method: row.shipping_method,
        review: row.review,
        payment_method: row.payment_method,
        email: row.email,
        phone: row.phone,
        shipping_address: row.shipping_address.0,
        failure: row.failure,
        items: Vec::new(),
        created_at: row.created_at,
        paid_at: row.paid_at,
    }))
}

pub(in crate::orders) async fn items(tx: &mut TenantTx, order: OrderId) -> Result<Vec<OrderItem>, OrderError> {
    let items = sqlx::query_as!(
        OrderItem,
        r#"select id as "id: OrderItemId", product_id, variant_id, sku, title, quantity, unit_price_minor, total_minor,
                  discount_minor, tax_minor, tax_included_minor, shipped_quantity, refunded_quantity
           from order_items where order_id = $1 order by line"#,
        order.0,
    );
    Ok(items.fetch_all(tx.conn()).await?)
}

/// How the order's amounts came about, rule by rule, as its checkout wrote it down: its totals, and its lines in their
/// order.
pub(in crate::orders) async fn trails(
    tx: &mut TenantTx,
    id: OrderId,
) -> Result<Option<(Value, Vec<Value>)>, OrderError> {
    let totals = sqlx::query_scalar!("select trail from orders where id = $1", id.0).fetch_optional(tx.conn()).await?;
    let Some(totals) = totals else { return Ok(None) };
    let lines = sqlx::query_scalar!("select trail from order_items where order_id = $1 order by line", id.0);
    Ok(Some((totals, lines.fetch_all(tx.conn()).await?)))
}
