//! Write and list what staff notes about orders.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;

use crate::orders::{OrderError, OrderId};

/// What somebody noted about an order; shoppers never see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderNote {
    /// Later ones have higher ids.
    pub id: i64,
    /// Who.
    #[schema(value_type = Object)]
    pub author: Value,
    /// What.
    pub text: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

pub(in crate::orders) async fn insert_note(
    tx: &mut TenantTx,
    order: OrderId,
    author: &Value,
    text: &str,
) -> Result<OrderNote, OrderError> {
    let note = sqlx::query_as!(
        OrderNote,
        "insert into order_notes (order_id, author, text) values ($1, $2, $3)
         returning id, author, text, created_at",
        order.0,
        author,
        text,
    );
    Ok(note.fetch_one(tx.conn()).await?)
}

/// The notes about an order, the latest first.
pub(in crate::orders) async fn notes(
    tx: &mut TenantTx,
    order: OrderId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<OrderNote>, OrderError> {
    let notes = sqlx::query_as!(
        OrderNote,
        "select id, author, text, created_at from order_notes
         where order_id = $1 and id < coalesce($2, 9223372036854775807) order by id desc limit $3",
        order.0,
        before,
        limit,
    );
    Ok(notes.fetch_all(tx.conn()).await?)
}

pub(in crate::orders) async fn exists(tx: &mut TenantTx, order: OrderId) -> Result<bool, OrderError> {
    let found = sqlx::query_scalar!(r#"select true as "found!" from orders where id = $1"#, order.0);
    Ok(found.fetch_optional(tx.conn()).await?.is_some())
}
