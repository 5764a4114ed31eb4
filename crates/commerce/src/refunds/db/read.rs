//! Read refunds as people see them.

use std::collections::HashMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use crate::orders::{OrderId, OrderItemId};
use crate::payments::PaymentId;
use crate::refunds::plan::TakenOfOrder;
use crate::refunds::share::Taken;
use crate::refunds::{Refund, RefundError, RefundId, RefundLine, Status};

/// A refund with its lines.
pub(in crate::refunds) async fn one(tx: &mut TenantTx, id: RefundId) -> Result<Option<Refund>, RefundError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: RefundId", order_id as "order_id: OrderId", payment_id as "payment_id: PaymentId",
                  retry_of as "retry_of: RefundId", status as "status: Status", amount_minor, shipping_minor, currency,
                  reason, requested_by, decided_by, decided_at, decision, provider_ref, reference, failure_code,
                  succeeded_at, restocked_at, created_at, updated_at, finished_at
           from refunds where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(with_lines(tx, row.into_iter().collect()).await?.pop())
}

/// The refunds of an order, the oldest first.
pub(in crate::refunds) async fn of_order(tx: &mut TenantTx, order: OrderId) -> Result<Vec<Refund>, RefundError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RefundId", order_id as "order_id: OrderId", payment_id as "payment_id: PaymentId",
                  retry_of as "retry_of: RefundId", status as "status: Status", amount_minor, shipping_minor, currency,
                  reason, requested_by, decided_by, decided_at, decision, provider_ref, reference, failure_code,
                  succeeded_at, restocked_at, created_at, updated_at, finished_at
           from refunds where order_id = $1 order by id limit 1000"#,
        order.0,
    )
    .fetch_all(tx.conn())
    .await?;
    with_lines(tx, rows).await
}

/// The newest refunds before `before`, of all statuses or of one.
pub(in crate::refunds) async fn list(
    tx: &mut TenantTx,
    status: Option<Status>,
    before: Option<RefundId>,
    limit: i64,
) -> Result<Vec<Refund>, RefundError> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows =
        match status {
            Some(status) => sqlx::query_as!(
                Row,
                r#"select id as "id: RefundId", order_id as "order_id: OrderId", payment_id as "payment_id: PaymentId",
                      retry_of as "retry_of: RefundId", status as "status: Status", amount_minor, shipping_minor,
                      currency, reason, requested_by, decided_by, decided_at, decision, provider_ref, reference,
                      failure_code, succeeded_at, restocked_at, created_at, updated_at, finished_at
               from refunds where status = $1 and id < $2 order by id desc limit $3"#,
                status.name(),
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await?,
            None => sqlx::query_as!(
                Row,
                r#"select id as "id: RefundId", order_id as "order_id: OrderId", payment_id as "payment_id: PaymentId",
                      retry_of as "retry_of: RefundId", status as "status: Status", amount_minor, shipping_minor,
                      currency, reason, requested_by, decided_by, decided_at, decision, provider_ref, reference,
                      failure_code, succeeded_at, restocked_at, created_at, updated_at, finished_at
               from refunds where id < $1 order by id desc limit $2"#,
                before,
                limit,
            )
            .fetch_all(tx.conn())
            .await?,
        };
    with_lines(tx, rows).await
}

struct Row {
    id: RefundId,
    order_id: OrderId,
    payment_id: PaymentId,
    retry_of: Option<RefundId>,
    status: Status,
    amount_minor: i64,
    shipping_minor: i64,
    currency: String,
    reason: String,
    requested_by: serde_json::Value,
    decided_by: Option<serde_json::Value>,
    decided_at: Option<chrono::DateTime<chrono::Utc>>,
    decision: Option<String>,
    provider_ref: Option<String>,
    reference: Option<String>,
    failure_code: Option<String>,
    succeeded_at: Option<chrono::DateTime<chrono::Utc>>,
    restocked_at: Option<chrono::DateTime<chrono::Utc>>,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
    finished_at: Option<chrono::DateTime<chrono::Utc>>,
}

async fn with_lines(tx: &mut TenantTx, rows: Vec<Row>) -> Result<Vec<Refund>, RefundError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.0).collect();
    let mut lines = lines_of(tx, &ids).await?;
    let whole = |row: Row| Refund {
        lines: lines.remove(&row.id.0).unwrap_or_default(),
        id: row.id,
        order_id: row.order_id,
        payment_id: row.payment_id,
        retry_of: row.retry_of,
        status: row.status,
        amount_minor: row.amount_minor,
        shipping_minor: row.shipping_minor,
        currency: row.currency,
        reason: row.reason,
        requested_by: row.requested_by,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        decision: row.decision,
        provider_ref: row.provider_ref,
        reference: row.reference,
        failure_code: row.failure_code,
        succeeded_at: row.succeeded_at,
        restocked_at: row.restocked_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        finished_at: row.finished_at,
    };
    Ok(rows.into_iter().map(whole).collect())
}

async fn lines_of(tx: &mut TenantTx, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<RefundLine>>, RefundError> {
    let mut lines = HashMap::<Uuid, Vec<RefundLine>>::new();
    if ids.is_empty() {
        return Ok(lines);
    }
    let rows = sqlx::query!(
        r#"select refund_id, order_item_id as "order_item_id: OrderItemId", quantity, amount_minor, discount_minor,
                  tax_minor, restock
           from refund_lines where refund_id = any($1) order by refund_id, order_item_id"#,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in rows {
        lines.entry(row.refund_id).or_default().push(RefundLine {
            order_item_id: row.order_item_id,
            quantity: row.quantity,
            amount_minor: row.amount_minor,
            discount_minor: row.discount_minor,
            tax_minor: row.tax_minor,
            restock: row.restock,
        });
    }
    Ok(lines)
}

/// The lines of one refund.
pub(in crate::refunds) async fn lines(tx: &mut TenantTx, id: RefundId) -> Result<Vec<RefundLine>, RefundError> {
    Ok(lines_of(tx, &[id.0]).await?.remove(&id.0).unwrap_or_default())
}

/// What refunds that stand, or may yet, have taken of a locked order.
pub(in crate::refunds) async fn taken(tx: &mut TenantTx, order: OrderId) -> Result<TakenOfOrder, RefundError> {
    let rows = sqlx::query!(
        r#"select l.order_item_id as "item: OrderItemId", sum(l.quantity)::int as "quantity!",
                  sum(l.discount_minor)::bigint as "discount_minor!", sum(l.tax_minor)::bigint as "tax_minor!"
           from refunds r join refund_lines l on l.refund_id = r.id
           where r.order_id = $1 and r.status in ('requested', 'approved', 'processing', 'succeeded')
           group by l.order_item_id"#,
        order.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let shipping = sqlx::query_scalar!(
        r#"select exists(select from refunds
                         where order_id = $1 and shipping_minor > 0
                           and status in ('requested', 'approved', 'processing', 'succeeded')) as "shipping!""#,
        order.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let taken = rows.into_iter().map(|row| {
        let (quantity, discount_minor, tax_minor) = (row.quantity, row.discount_minor, row.tax_minor);
        (row.item, Taken { quantity, discount_minor, tax_minor })
    });
    Ok(TakenOfOrder { lines: taken.collect(), shipping })
}
