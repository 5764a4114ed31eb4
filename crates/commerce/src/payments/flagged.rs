//! Find the payments that a person must look at, by the orders that they pay.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use uuid::Uuid;

use super::PaymentError;
use crate::orders::OrderId;

/// Why a person must look at the payment of an order.
#[derive(Debug, Clone)]
pub struct Flagged {
    /// The order that it pays.
    pub order_id: OrderId,
    /// Why.
    pub flag: String,
    /// When the payment last changed.
    pub since: DateTime<Utc>,
}

/// The oldest orders after `after` with a payment that a person must look at.
pub async fn flagged(tx: &mut TenantTx, after: Option<OrderId>, limit: i64) -> Result<Vec<OrderId>, PaymentError> {
    let orders = sqlx::query_scalar!(
        r#"select distinct order_id as "order_id: OrderId" from payments
           where flag is not null and order_id > $1 order by order_id limit $2"#,
        after.map_or(Uuid::nil(), |id| id.0),
        limit,
    );
    Ok(orders.fetch_all(tx.conn()).await?)
}

/// Why a person must look at the payments of these orders.
pub async fn flags_of(tx: &mut TenantTx, orders: &[OrderId]) -> Result<Vec<Flagged>, PaymentError> {
    let orders: Vec<Uuid> = orders.iter().map(|id| id.0).collect();
    let flags = sqlx::query_as!(
        Flagged,
        r#"select order_id as "order_id: OrderId", flag as "flag!", updated_at as since from payments
           where flag is not null and order_id = any($1) order by order_id, attempt desc"#,
        &orders,
    );
    Ok(flags.fetch_all(tx.conn()).await?)
}
