//! Write and read who moved an order.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::{NewOrder, OrderError, OrderId, Stage};

/// It was made, and its first step if it took one.
pub(in crate::orders) async fn insert_first_history(tx: &mut TenantTx, orders: &[NewOrder]) -> Result<(), OrderError> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let mut stages = Vec::with_capacity(orders.len());
    for order in orders {
        stages.push(order.stage()?.name().to_owned());
    }
    let actors: Vec<Value> = orders.iter().map(|order| json!(order.origin.actor)).collect();
    let requests: Vec<String> = orders.iter().map(|order| order.origin.request_id.clone()).collect();
    sqlx::query!(
        "insert into order_history (order_id, from_stage, to_stage, actor, request_id)
         select u.id, s.from_stage, coalesce(s.to_stage, u.stage), u.actor, u.request_id
         from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[]) with ordinality
              as u (id, stage, actor, request_id, n)
         cross join (values (1, null, 'pending'), (2, 'pending', null)) as s (k, from_stage, to_stage)
         where s.k = 1 or u.stage <> 'pending'
         order by u.n, s.k",
        &ids,
        &stages,
        &actors,
        &requests,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::orders) async fn insert_history(
    tx: &mut TenantTx,
    id: OrderId,
    from: Stage,
    to: Stage,
    reason: Option<&str>,
    actor: &Value,
    request_id: &str,
) -> Result<(), OrderError> {
    sqlx::query!(
        "insert into order_history (order_id, from_stage, to_stage, reason, actor, request_id)
         values ($1, $2, $3, $4, $5, $6)",
        id.0,
        from.name(),
        to.name(),
        reason,
        actor,
        request_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A move of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryEntry {
    /// Null when it was made.
    pub from: Option<String>,
    /// The stage it came to.
    pub to: String,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    #[schema(value_type = Object)]
    pub actor: Value,
    /// Through which request.
    pub request_id: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

pub(in crate::orders) async fn history(tx: &mut TenantTx, id: OrderId) -> Result<Vec<HistoryEntry>, OrderError> {
    let rows = sqlx::query_as!(
        HistoryEntry,
        r#"select from_stage as "from", to_stage as "to", reason, actor, request_id, created_at
           from order_history where order_id = $1 order by id"#,
        id.0,
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}
