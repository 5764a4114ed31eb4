//! The moves of an order, as its events tell them.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;

use super::{OrderError, OrderId};
use crate::events::{self, http::PublishedEvent};

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

/// Every move of an order, the first one first.
pub(super) async fn history(tx: &mut TenantTx, id: OrderId) -> Result<Vec<HistoryEntry>, OrderError> {
    let events = events::of_aggregate(tx, id.0).await?;
    Ok(events.into_iter().filter_map(moved).collect())
}

/// The move that an event tells; events that move nothing name no stage.
fn moved(mut event: PublishedEvent) -> Option<HistoryEntry> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(HistoryEntry {
        from: text(&event.data["from"]),
        to: text(&event.data["to"])?,
        reason: text(&event.data["reason"]),
        actor: event.metadata["actor"].take(),
        request_id: text(&event.metadata["request_id"]).unwrap_or_default(),
        created_at: event.created_at,
    })
}
