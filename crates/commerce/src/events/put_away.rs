//! Events that were put away: the SQL of snapshots, and of finding what is old enough.

use kernel::db::TenantTx;
use kernel::id::TenantId;
use serde_json::Value;
use uuid::Uuid;

use super::PublishedEvent;

/// What an aggregate had become when its older events were put away.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Which aggregate.
    pub aggregate_id: Uuid,
    /// `order`, `stock`, …
    pub aggregate_type: String,
    /// Version of the last event that it contains.
    pub version: i64,
    /// What it had become.
    pub state: Value,
    /// The place in the feed of the last event that it contains.
    pub sequence: i64,
}

/// An event among the oldest.
#[derive(Debug, Clone, Copy)]
pub struct OldEvent {
    /// Its place in the store.
    pub position: i64,
    /// Whose.
    pub aggregate_id: Uuid,
    /// Its place in the feed; 0: none yet.
    pub sequence: i64,
    /// Older than events of most kinds are kept?
    pub old: bool,
    /// Older than events of its own kind are kept?
    pub old_enough: bool,
}

/// Holds the store's events against others who put away or read them all, until the transaction ends. False when
/// somebody else does.
pub(crate) async fn try_hold_store(tx: &mut TenantTx, tenant: TenantId) -> sqlx::Result<bool> {
    let held = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('souk events ' || $1::text, 0)) as "held!""#,
        tenant.to_string()
    );
    held.fetch_one(tx.conn()).await
}

/// The same, waiting for it.
pub(crate) async fn hold_store(tx: &mut TenantTx, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('souk events ' || $1::text, 0))", tenant.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The oldest events after a position.
pub(crate) async fn oldest(
    tx: &mut TenantTx,
    after: i64,
    days: i32,
    refund_days: i32,
    limit: i64,
) -> sqlx::Result<Vec<OldEvent>> {
    sqlx::query_as!(
        OldEvent,
        r#"select position, aggregate_id, coalesce(sequence, 0) as "sequence!",
                  created_at < now() - make_interval(days => $2) as "old!",
                  created_at < now() - make_interval(days => case aggregate_type when 'refund' then $3::int else $2::int end)
                      as "old_enough!"
           from events where position > $1 order by position limit $4"#,
        after,
        days,
        refund_days,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// The events of these aggregates in order, and whether each is old enough.
pub(crate) async fn of_aggregates(
    tx: &mut TenantTx,
    aggregates: &[Uuid],
    days: i32,
    refund_days: i32,
    limit: i64,
) -> sqlx::Result<Vec<(PublishedEvent, bool)>> {
    let rows = sqlx::query!(
        r#"select coalesce(sequence, 0) as "sequence!", aggregate_type, aggregate_id, version, event_type, data,
                  metadata, created_at,
                  created_at < now() - make_interval(days => case aggregate_type when 'refund' then $3::int else $2::int end)
                      as "old!"
           from events where aggregate_id = any($1) order by aggregate_id, version limit $4"#,
        aggregates,
        days,
        refund_days,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let event = PublishedEvent {
                sequence: row.sequence,
                aggregate_type: row.aggregate_type,
                aggregate_id: row.aggregate_id,
                version: row.version,
                event_type: row.event_type,
                data: row.data,
                metadata: row.metadata,
                created_at: row.created_at,
            };
            (event, row.old)
        })
        .collect())
}

/// The snapshots of these aggregates.
pub(crate) async fn snapshots_of(tx: &mut TenantTx, aggregates: &[Uuid]) -> sqlx::Result<Vec<Snapshot>> {
    sqlx::query_as!(
        Snapshot,
        "select aggregate_id, aggregate_type, version, state, sequence from event_snapshots
         where aggregate_id = any($1)",
        aggregates
    )
    .fetch_all(tx.conn())
    .await
}

/// Snapshots by aggregate.
pub(crate) async fn snapshots_after(tx: &mut TenantTx, after: Uuid, limit: i64) -> sqlx::Result<Vec<Snapshot>> {
    sqlx::query_as!(
        Snapshot,
        "select aggregate_id, aggregate_type, version, state, sequence from event_snapshots
         where aggregate_id > $1 order by aggregate_id limit $2",
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Those of these aggregates that have events.
pub(crate) async fn with_events(
    tx: &mut TenantTx,
    aggregates: &[Uuid],
) -> sqlx::Result<std::collections::HashSet<Uuid>> {
    let found =
        sqlx::query_scalar!("select distinct aggregate_id from events where aggregate_id = any($1)", aggregates);
    Ok(found.fetch_all(tx.conn()).await?.into_iter().collect())
}

/// Those of these aggregates of which anything was ever told.
pub(crate) async fn known(tx: &mut TenantTx, aggregates: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select id as "id!" from unnest($1::uuid[]) as u (id)
           where exists (select from events as e where e.aggregate_id = u.id)
              or exists (select from event_snapshots as s where s.aggregate_id = u.id)"#,
        aggregates
    )
    .fetch_all(tx.conn())
    .await
}

/// Writes snapshots, in the place of earlier ones.
pub(crate) async fn put_snapshots(tx: &mut TenantTx, snapshots: &[Snapshot]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = snapshots.iter().map(|snapshot| snapshot.aggregate_id).collect();
    let types: Vec<String> = snapshots.iter().map(|snapshot| snapshot.aggregate_type.clone()).collect();
    let versions: Vec<i64> = snapshots.iter().map(|snapshot| snapshot.version).collect();
    let states: Vec<Value> = snapshots.iter().map(|snapshot| snapshot.state.clone()).collect();
    let sequences: Vec<i64> = snapshots.iter().map(|snapshot| snapshot.sequence).collect();
    sqlx::query!(
        "insert into event_snapshots as s (aggregate_id, aggregate_type, version, state, sequence)
         select u.id, u.kind, u.version, u.state, u.sequence
         from unnest($1::uuid[], $2::text[], $3::bigint[], $4::jsonb[], $5::bigint[])
              as u (id, kind, version, state, sequence)
         on conflict (aggregate_id) do update
         set version = excluded.version, state = excluded.state, sequence = excluded.sequence, created_at = now()
         where s.version < excluded.version",
        &ids,
        &types,
        &versions,
        &states,
        &sequences,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the events that these snapshots contain.
pub(crate) async fn delete_through(tx: &mut TenantTx, snapshots: &[Snapshot]) -> sqlx::Result<u64> {
    let ids: Vec<Uuid> = snapshots.iter().map(|snapshot| snapshot.aggregate_id).collect();
    let versions: Vec<i64> = snapshots.iter().map(|snapshot| snapshot.version).collect();
    let done = sqlx::query!(
        "delete from events as e using unnest($1::uuid[], $2::bigint[]) as u (id, version)
         where e.aggregate_id = u.id and e.version <= u.version",
        &ids,
        &versions,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
