//! The SQL of the event store.

use chrono::{DateTime, Utc};
use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Event;

/// An event that is handed on.
#[derive(Debug, Clone)]
pub struct News {
    /// What it is about.
    pub aggregate_id: Uuid,
    /// Such as `order.created`.
    pub event_type: String,
}

/// Returns the positions, ascending.
pub(super) async fn append(tx: &mut TenantTx, events: &[Event], metadata: &[Value]) -> sqlx::Result<Vec<i64>> {
    let types: Vec<String> = events.iter().map(|event| event.aggregate_type.to_owned()).collect();
    let ids: Vec<Uuid> = events.iter().map(|event| event.aggregate_id).collect();
    let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
    let names: Vec<String> = events.iter().map(|event| event.event_type.to_owned()).collect();
    let data: Vec<&Value> = events.iter().map(|event| &event.data).collect();
    let written = sqlx::query_scalar!(
        "insert into events (aggregate_type, aggregate_id, version, event_type, data, metadata)
         select u.aggregate_type, u.aggregate_id, u.version, u.event_type, u.data, u.metadata
         from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::jsonb[], $6::jsonb[])
              with ordinality as u (aggregate_type, aggregate_id, version, event_type, data, metadata, n)
         order by u.n
         returning position",
        &types,
        &ids,
        &versions,
        &names,
        &data as &[&Value],
        metadata,
    );
    let mut positions = written.fetch_all(tx.conn()).await?;
    positions.sort_unstable();
    Ok(positions)
}

/// The last place given in the feed; locked, so that one relay at a time gives places.
pub(super) async fn lock_feed(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select sequence from feed for update").fetch_one(tx.conn()).await
}

/// Gives places in order of position to those events that have none yet. Returns how many that were.
pub(super) async fn number(tx: &mut TenantTx, positions: &[i64], last: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update events set sequence = $2 + u.place
         from (
             select position, row_number() over (order by position) as place
             from events where position = any($1) and sequence is null
         ) as u
         where events.position = u.position",
        positions,
        last,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// The events at these positions.
pub(super) async fn at(tx: &mut TenantTx, positions: &[i64]) -> sqlx::Result<Vec<News>> {
    let rows = sqlx::query_as!(
        News,
        "select aggregate_id, event_type from events where position = any($1) order by position",
        positions
    );
    rows.fetch_all(tx.conn()).await
}

pub(super) async fn set_feed(tx: &mut TenantTx, last: i64) -> sqlx::Result<()> {
    sqlx::query!("update feed set sequence = $1", last).execute(tx.conn()).await?;
    Ok(())
}

/// An event as the feed shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublishedEvent {
    /// Gap-free place in the feed.
    pub sequence: i64,
    /// `order`, `stock`, `payment`, …
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: Uuid,
    /// The how-manieth event of this aggregate.
    pub version: i64,
    /// Such as `order.created`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What happened.
    #[schema(value_type = Object)]
    pub data: Value,
    /// Actor and request.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The published events after a place.
pub(crate) async fn published(tx: &mut TenantTx, after: i64, limit: i64) -> sqlx::Result<Vec<PublishedEvent>> {
    sqlx::query_as!(
        PublishedEvent,
        r#"select sequence as "sequence!", aggregate_type, aggregate_id, version, event_type, data, metadata, created_at
           from events where sequence > $1 order by sequence limit $2"#,
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

pub(crate) async fn of_aggregate(tx: &mut TenantTx, aggregate: Uuid) -> sqlx::Result<Vec<PublishedEvent>> {
    sqlx::query_as!(
        PublishedEvent,
        r#"select coalesce(sequence, 0) as "sequence!", aggregate_type, aggregate_id, version, event_type, data,
                  metadata, created_at
           from events where aggregate_id = $1 order by version limit 1000"#,
        aggregate,
    )
    .fetch_all(tx.conn())
    .await
}

/// Events without a place in the feed for more than five minutes.
pub(super) async fn waiting(tx: &mut TenantTx, limit: i64) -> sqlx::Result<Vec<i64>> {
    let rows = sqlx::query_scalar!(
        "select position from events
         where sequence is null and created_at < now() - interval '5 minutes' order by position limit $1",
        limit,
    );
    rows.fetch_all(tx.conn()).await
}

/// How far the feed was put away: events up to here may be missing from it.
pub(super) async fn gone(tx: &mut TenantTx) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select gone from feed").fetch_one(tx.conn()).await
}

/// Remembers that events up to this place were put away.
pub(crate) async fn mark_gone(tx: &mut TenantTx, through: i64) -> sqlx::Result<()> {
    sqlx::query!("update feed set gone = $1 where gone < $1", through).execute(tx.conn()).await?;
    Ok(())
}

/// What the first event of each of these aggregates told.
pub(crate) async fn first_data(tx: &mut TenantTx, aggregates: &[Uuid]) -> sqlx::Result<Vec<(Uuid, Value)>> {
    let rows =
        sqlx::query!("select aggregate_id, data from events where aggregate_id = any($1) and version = 1", aggregates);
    Ok(rows.fetch_all(tx.conn()).await?.into_iter().map(|row| (row.aggregate_id, row.data)).collect())
}

/// Events by aggregate and version, after one of them; a sequence of 0 is none yet.
pub(crate) async fn by_aggregate(
    tx: &mut TenantTx,
    after: (Uuid, i64),
    limit: i64,
) -> sqlx::Result<Vec<PublishedEvent>> {
    sqlx::query_as!(
        PublishedEvent,
        r#"select coalesce(sequence, 0) as "sequence!", aggregate_type, aggregate_id, version, event_type, data,
                  metadata, created_at
           from events where (aggregate_id, version) > ($1, $2) order by aggregate_id, version limit $3"#,
        after.0,
        after.1,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// What an aggregate's first event was correlated with.
pub(crate) async fn correlation_of(tx: &mut TenantTx, aggregate: Uuid) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!(
        "select metadata ->> 'correlation_id' from events where aggregate_id = $1 and version = 1",
        aggregate
    );
    Ok(found.fetch_optional(tx.conn()).await?.flatten())
}
