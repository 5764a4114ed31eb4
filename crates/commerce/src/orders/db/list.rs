//! List orders.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use uuid::Uuid;

use crate::orders::{Money, OrderError, OrderId, Stage, public_status};

/// An order in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Gap-free per store.
    pub number: i64,
    /// How far it has got.
    pub status: String,
    /// The shopper's.
    pub email: String,
    /// Three capital letters.
    pub currency: String,
    /// What is to be paid.
    pub total_minor: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The newest orders before `before`, of all stages or of one.
pub(in crate::orders) async fn list(
    tx: &mut TenantTx,
    stage: Option<&str>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderSummary>, OrderError> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = match stage {
        Some(stage) => sqlx::query_as!(
            SummaryRow,
            r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", email, currency,
                      total_minor, created_at
               from orders where stage = $1 and id < $2 order by id desc limit $3"#,
            stage,
            before,
            limit
        )
        .fetch_all(tx.conn())
        .await?,
        None => sqlx::query_as!(
            SummaryRow,
            r#"select id as "id: OrderId", number, stage as "stage: Stage", money as "money: Money", email, currency,
                      total_minor, created_at
               from orders where id < $1 order by id desc limit $2"#,
            before,
            limit
        )
        .fetch_all(tx.conn())
        .await?,
    };
    Ok(rows.into_iter().map(OrderSummary::from).collect())
}

struct SummaryRow {
    id: OrderId,
    number: i64,
    stage: Stage,
    money: Money,
    email: String,
    currency: String,
    total_minor: i64,
    created_at: DateTime<Utc>,
}

impl From<SummaryRow> for OrderSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            status: public_status(row.stage, row.money).to_owned(),
            email: row.email,
            currency: row.currency,
            total_minor: row.total_minor,
            created_at: row.created_at,
        }
    }
}
