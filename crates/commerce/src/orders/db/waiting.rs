//! Find the orders that wait for somebody.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use uuid::Uuid;

use super::list::OrderSummary;
use super::moves::held;
use crate::orders::{Money, OrderError, OrderId, Review, StaffLock, Stage, public_status};

/// An order that may wait for somebody, with what that depends on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Waiting {
    /// The order.
    #[serde(flatten)]
    pub summary: OrderSummary,
    /// How far it has got.
    #[serde(skip)]
    pub stage: Stage,
    /// How much of the money has gone back.
    #[serde(skip)]
    pub money: Money,
    /// Has it to be looked at?
    #[serde(skip)]
    pub review: Option<Review>,
    /// Since when it is in its stage.
    #[serde(skip)]
    pub stage_since: DateTime<Utc>,
    /// Since when there is an error that nobody has seen to.
    #[serde(skip)]
    pub open_errors_since: Option<DateTime<Utc>>,
    /// The last error.
    #[serde(skip)]
    pub last_error: Option<String>,
    /// Who of the staff holds it.
    pub lock: Option<StaffLock>,
}

/// The oldest orders after `after` that somebody has to confirm, review, pack, ship, or see to because of an error. Each
/// part has an index of its own.
pub(in crate::orders) async fn to_do(
    tx: &mut TenantTx,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>, OrderError> {
    let ids = sqlx::query_scalar!(
        r#"(select id as "id!: OrderId" from orders
            where stage in ('pending', 'paid', 'confirmed', 'packed') and money <> 'full' and id > $1
            order by id limit $2)
           union
           (select id from orders where review = 'pending' and id > $1 order by id limit $2)
           union
           (select id from orders where open_errors > 0 and id > $1 order by id limit $2)
           order by 1 limit $2"#,
        after.map_or(Uuid::nil(), |id| id.0),
        limit,
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// These orders, the oldest first.
pub(in crate::orders) async fn waiting(tx: &mut TenantTx, ids: &[OrderId]) -> Result<Vec<Waiting>, OrderError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", email, currency,
                  total_minor, payment_method, review as "review: Review", open_errors, created_at, stage_since,
                  last_error, locked_at, locked_by, lock_reason,
                  (select min(e.created_at) from order_errors e
                   where e.order_id = orders.id and e.resolved_at is null) as open_errors_since
           from orders where id = any($1) order by id"#,
        &ids,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            summary: OrderSummary {
                id: row.id,
                number: row.number,
                status: public_status(row.stage, row.money).to_owned(),
                email: row.email,
                currency: row.currency,
                total_minor: row.total_minor,
                payment_method: row.payment_method,
                review: row.review,
                locked: row.locked_at.is_some(),
                open_errors: row.open_errors,
                created_at: row.created_at,
            },
            stage: row.stage,
            money: row.money,
            review: row.review,
            stage_since: row.stage_since,
            open_errors_since: row.open_errors_since,
            last_error: row.last_error.filter(|_| row.open_errors > 0),
            lock: held(row.locked_at, row.locked_by, row.lock_reason),
        })
        .collect())
}
