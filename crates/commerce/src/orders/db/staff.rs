//! Read what only staff sees of an order.

use kernel::db::TenantTx;

use super::moves::held;
use crate::orders::{Money, OrderError, OrderId, OrderMetrics, OrderReview, OrderSource, Review, StaffPart, Stage};

pub(in crate::orders) async fn staff_part(tx: &mut TenantTx, id: OrderId) -> Result<Option<StaffPart>, OrderError> {
    let row = sqlx::query!(
        r#"select stage as "stage: Stage", money as "money: Money", refunded_minor, source, ip, user_agent,
                  review as "review: Review", review_reasons, reviewed_by, reviewed_at, locked_at, locked_by, lock_reason,
                  queue_wait_ms, validation_ms, payment_ms, fulfilment_ms, total_ms, error_count, retry_count, last_error,
                  stage_since, confirmed_at,
                  (select count(*) from order_notes n where n.order_id = orders.id) as "notes_count!"
           from orders where id = $1"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| StaffPart {
        stage: row.stage.name(),
        stage_since: row.stage_since,
        allowed: row.stage.allowed(row.money),
        confirmed_at: row.confirmed_at,
        refunded_minor: row.refunded_minor,
        source: OrderSource { name: row.source, ip: row.ip, user_agent: row.user_agent },
        review: row.review.map(|status| OrderReview {
            status,
            reasons: row.review_reasons,
            reviewed_by: row.reviewed_by,
            reviewed_at: row.reviewed_at,
        }),
        lock: held(row.locked_at, row.locked_by, row.lock_reason),
        metrics: OrderMetrics {
            queue_wait_ms: row.queue_wait_ms,
            validation_ms: row.validation_ms,
            payment_ms: row.payment_ms,
            fulfilment_ms: row.fulfilment_ms,
            total_ms: row.total_ms,
        },
        error_count: row.error_count,
        retry_count: row.retry_count,
        last_error: row.last_error,
        notes_count: row.notes_count,
    }))
}
