//! Write, list and resolve what went wrong with orders.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;

use crate::orders::{FaultCategory, FaultSeverity, OrderError, OrderFault, OrderId};

/// Writes a fault, unless one of the same code is open. Was it new?
pub(in crate::orders) async fn insert_fault(
    tx: &mut TenantTx,
    order: OrderId,
    fault: &OrderFault<'_>,
    request_id: &str,
) -> Result<bool, OrderError> {
    let done = sqlx::query!(
        "insert into order_errors (order_id, category, severity, code, message, data, request_id)
         select $1, $2, $3, $4, $5, $6, $7
         where not exists (select from order_errors where order_id = $1 and code = $4 and resolved_at is null)",
        order.0,
        fault.category as _,
        fault.severity as _,
        fault.code,
        fault.message,
        fault.data,
        request_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::orders) async fn count_fault(
    tx: &mut TenantTx,
    order: OrderId,
    message: &str,
    fresh: bool,
) -> Result<(), OrderError> {
    sqlx::query!(
        "update orders
         set error_count = error_count + 1, open_errors = open_errors + $3, last_error = $2, updated_at = now()
         where id = $1",
        order.0,
        message,
        i32::from(fresh),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::orders) async fn count_retry(tx: &mut TenantTx, order: OrderId) -> Result<(), OrderError> {
    sqlx::query!("update orders set retry_count = retry_count + 1 where id = $1", order.0).execute(tx.conn()).await?;
    Ok(())
}

/// Something that went wrong with an order, as staff sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderErrorEntry {
    /// Later ones have higher ids.
    pub id: i64,
    /// With which order.
    pub order_id: OrderId,
    /// What kind of thing.
    pub category: FaultCategory,
    /// How bad it is.
    pub severity: FaultSeverity,
    /// Such as `payment.declined`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What belongs to it.
    #[schema(value_type = Object)]
    pub data: Value,
    /// Through which request.
    pub request_id: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When somebody saw to it.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who.
    #[schema(value_type = Option<Object>)]
    pub resolved_by: Option<Value>,
    /// What they did about it.
    pub resolution: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::orders) struct FaultFilter {
    pub(in crate::orders) resolved: Option<bool>,
    pub(in crate::orders) category: Option<FaultCategory>,
    pub(in crate::orders) severity: Option<FaultSeverity>,
}

/// Faults of all orders, the latest first. Those that are open have an index of their own, for they stay few.
pub(in crate::orders) async fn faults(
    tx: &mut TenantTx,
    filter: FaultFilter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<OrderErrorEntry>, OrderError> {
    let rows = match filter.resolved {
        Some(false) => {
            sqlx::query_as!(
                OrderErrorEntry,
                r#"select id, order_id as "order_id: OrderId", category as "category: FaultCategory",
                          severity as "severity: FaultSeverity", code, message, data, request_id, created_at,
                          resolved_at, resolved_by, resolution
                   from order_errors
                   where resolved_at is null and id < coalesce($1, 9223372036854775807)
                     and ($2::text is null or category = $2) and ($3::text is null or severity = $3)
                   order by id desc limit $4"#,
                before,
                filter.category as Option<FaultCategory>,
                filter.severity as Option<FaultSeverity>,
                limit,
            )
            .fetch_all(tx.conn())
            .await?
        }
        Some(true) | None => {
            sqlx::query_as!(
                OrderErrorEntry,
                r#"select id, order_id as "order_id: OrderId", category as "category: FaultCategory",
                          severity as "severity: FaultSeverity", code, message, data, request_id, created_at,
                          resolved_at, resolved_by, resolution
                   from order_errors
                   where id < coalesce($1, 9223372036854775807) and ($5 or resolved_at is not null)
                     and ($2::text is null or category = $2) and ($3::text is null or severity = $3)
                   order by id desc limit $4"#,
                before,
                filter.category as Option<FaultCategory>,
                filter.severity as Option<FaultSeverity>,
                limit,
                filter.resolved.is_none(),
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(rows)
}

/// The faults of one order, the latest first; at most 100, open ones alone if one likes.
pub(in crate::orders) async fn faults_of(
    tx: &mut TenantTx,
    order: OrderId,
    open_only: bool,
) -> Result<Vec<OrderErrorEntry>, OrderError> {
    let rows = sqlx::query_as!(
        OrderErrorEntry,
        r#"select id, order_id as "order_id: OrderId", category as "category: FaultCategory",
                  severity as "severity: FaultSeverity", code, message, data, request_id, created_at, resolved_at,
                  resolved_by, resolution
           from order_errors where order_id = $1 and (not $2 or resolved_at is null) order by id desc limit 100"#,
        order.0,
        open_only,
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The order of a fault.
pub(in crate::orders) async fn order_of_fault(tx: &mut TenantTx, id: i64) -> Result<Option<OrderId>, OrderError> {
    let order = sqlx::query_scalar!(r#"select order_id as "order_id: OrderId" from order_errors where id = $1"#, id);
    Ok(order.fetch_optional(tx.conn()).await?)
}

/// Resolves a fault that is open; false when it is not. The order is locked.
pub(in crate::orders) async fn resolve_fault(
    tx: &mut TenantTx,
    id: i64,
    order: OrderId,
    by: &Value,
    resolution: &str,
) -> Result<bool, OrderError> {
    let done = sqlx::query!(
        "update order_errors set resolved_at = now(), resolved_by = $2, resolution = $3
         where id = $1 and resolved_at is null",
        id,
        by,
        resolution,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("update orders set open_errors = open_errors - 1, updated_at = now() where id = $1", order.0)
        .execute(tx.conn())
        .await?;
    Ok(true)
}

/// One fault.
pub(in crate::orders) async fn fault(tx: &mut TenantTx, id: i64) -> Result<Option<OrderErrorEntry>, OrderError> {
    let row = sqlx::query_as!(
        OrderErrorEntry,
        r#"select id, order_id as "order_id: OrderId", category as "category: FaultCategory",
                  severity as "severity: FaultSeverity", code, message, data, request_id, created_at, resolved_at,
                  resolved_by, resolution
           from order_errors where id = $1"#,
        id,
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}
