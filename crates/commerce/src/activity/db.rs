//! The SQL of activity.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Act;

pub(super) async fn insert(tx: &mut TenantTx, act: &Act, actor: &Value, request_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into activity (actor, action, entity_type, entity_id, before, after, request_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        actor,
        act.action,
        act.entity_type,
        act.entity_id,
        act.before,
        act.after,
        request_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One act, as the list shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActivityEntry {
    /// Later acts have higher ids.
    pub id: i64,
    /// Who.
    #[schema(value_type = Object)]
    pub actor: Value,
    /// What.
    pub action: String,
    /// What kind of object.
    pub entity_type: String,
    /// Which one.
    pub entity_id: Uuid,
    /// How it was.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// How it became.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Through which request.
    pub request_id: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

pub(super) async fn latest(tx: &mut TenantTx, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<ActivityEntry>> {
    sqlx::query_as!(
        ActivityEntry,
        "select id, actor, action, entity_type, entity_id, before, after, request_id, created_at
         from activity where id < coalesce($1, 9223372036854775807) order by id desc limit $2",
        before,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}
