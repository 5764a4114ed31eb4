//! Write what a person said of an order.

use kernel::db::TenantTx;
use serde_json::Value;

use crate::orders::{Locked, OrderError, OrderId, Review};

/// Writes the word of who looked at an order that waits for it, and counts one event.
pub(in crate::orders) async fn set_review(
    tx: &mut TenantTx,
    order: &Locked,
    to: Review,
    by: &Value,
) -> Result<(), OrderError> {
    let done = sqlx::query!(
        "update orders
         set review = $3, reviewed_by = $4, reviewed_at = now(), version = version + 1, updated_at = now()
         where id = $1 and version = $2 and review = 'pending'",
        order.id.0,
        order.version,
        to as _,
        by,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(OrderError::Changed) }
}

/// An order that waits for a person's word.
#[derive(Debug, Clone, Copy)]
pub struct UnderReview {
    /// Since then.
    pub since: chrono::DateTime<chrono::Utc>,
    /// The database's time.
    pub now: chrono::DateTime<chrono::Utc>,
    /// Was staff told that its time is nearly over?
    pub reminded: bool,
}

pub(in crate::orders) async fn under_review(tx: &mut TenantTx, id: OrderId) -> Result<Option<UnderReview>, OrderError> {
    let found = sqlx::query_as!(
        UnderReview,
        r#"select created_at as since, now() as "now!", review_reminded_at is not null as "reminded!"
           from orders where id = $1 and review = 'pending' and stage in ('pending', 'awaiting_payment')"#,
        id.0,
    );
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Staff is reminded of an order; of two who are about to, one does.
pub(in crate::orders) async fn set_reminded(tx: &mut TenantTx, id: OrderId) -> Result<bool, OrderError> {
    let done =
        sqlx::query!("update orders set review_reminded_at = now() where id = $1 and review_reminded_at is null", id.0);
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}
