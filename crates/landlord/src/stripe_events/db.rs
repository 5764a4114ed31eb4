//! The SQL of the provider's messages.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

use super::{EventRow, NewEvent, Open};

/// The row, when the message is new.
pub(super) async fn insert(
    tx: &mut LandlordTx,
    event: &NewEvent<'_>,
    digest: &[u8],
    lease_seconds: f64,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into stripe_events (event_id, kind, created, livemode, account, api_version, object_id, tenant_id,
             payload, digest, attempts, next_at)
         values ($1, $2, to_timestamp($3), $4, $5, $6, $7, $8, $9, $10, 1, now() + $11 * interval '1 second')
         on conflict (event_id) do nothing returning id",
        event.event_id,
        event.kind,
        event.created.map(seconds),
        event.livemode,
        event.account,
        event.api_version,
        event.object_id,
        event.tenant.map(|tenant| tenant.0),
        event.payload,
        digest,
        lease_seconds
    )
    .fetch_optional(tx.conn())
    .await
}

fn seconds(unix: i64) -> f64 {
    // What is no date that PostgreSQL knows is as good as none.
    unix.clamp(0, 4_102_444_800) as f64
}

/// Its digest, and whether it was processed.
pub(super) async fn find(tx: &mut LandlordTx, event_id: &str) -> sqlx::Result<Option<(Vec<u8>, bool)>> {
    let row = sqlx::query!(
        r#"select digest, processed_at is not null as "processed!" from stripe_events where event_id = $1"#,
        event_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.digest, row.processed)))
}

pub(super) async fn claim_due(
    tx: &mut LandlordTx,
    only: Option<&[Uuid]>,
    limit: i64,
    lease_seconds: f64,
) -> sqlx::Result<Vec<Open>> {
    sqlx::query_as!(
        Open,
        r#"with due as (
               select id from stripe_events
               where processed_at is null and dead_at is null and next_at <= now()
                 and ($1::uuid[] is null or tenant_id = any($1))
               order by next_at limit $2 for update skip locked)
           update stripe_events e set attempts = attempts + 1, next_at = now() + $3 * interval '1 second'
           from due where e.id = due.id
           returning e.id, payload, attempts, tenant_id as "tenant: TenantId""#,
        only as _,
        limit,
        lease_seconds
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn claim(tx: &mut LandlordTx, id: i64, lease_seconds: f64) -> sqlx::Result<Option<Open>> {
    sqlx::query_as!(
        Open,
        r#"update stripe_events set attempts = attempts + 1, next_at = now() + $2 * interval '1 second'
           where id = $1 and processed_at is null and dead_at is null
           returning id, payload, attempts, tenant_id as "tenant: TenantId""#,
        id,
        lease_seconds
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn finish(
    tx: &mut LandlordTx,
    id: i64,
    outcome: &str,
    tenant: Option<TenantId>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update stripe_events set processed_at = now(), outcome = $2, last_error = null,
             tenant_id = coalesce(tenant_id, $3)
         where id = $1 and processed_at is null",
        id,
        outcome,
        tenant.map(|tenant| tenant.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Without a delay it is put aside.
pub(super) async fn fail(tx: &mut LandlordTx, id: i64, error: &str, again_after: Option<f64>) -> sqlx::Result<()> {
    sqlx::query!(
        "update stripe_events set last_error = left($2, 500),
             next_at = now() + coalesce($3::float8, 0) * interval '1 second',
             dead_at = case when $3::float8 is null then now() end
         where id = $1 and processed_at is null and dead_at is null",
        id,
        error,
        again_after
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The row, opened again when it was put aside, and whether it was processed.
pub(super) async fn reopen(tx: &mut LandlordTx, event_id: &str) -> sqlx::Result<Option<(i64, bool)>> {
    let row = sqlx::query!(
        r#"update stripe_events set attempts = case when dead_at is null then attempts else 0 end, dead_at = null
           where event_id = $1 returning id, processed_at is not null as "processed!""#,
        event_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.processed)))
}

/// The newest before `before`. The state is compared as it is shown, over the ids of one page at a time.
pub(super) async fn list(
    tx: &mut LandlordTx,
    state: Option<&str>,
    tenant: Option<TenantId>,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select id, event_id, kind,
               case when processed_at is not null then 'processed' when dead_at is not null then 'dead' else 'open' end
                   as "state!",
               outcome, tenant_id as "tenant_id: TenantId", object_id, livemode, attempts, last_error, received_at,
               processed_at
           from stripe_events
           where id < $1 and ($2::uuid is null or tenant_id = $2)
             and ($3::text is null
                  or ($3 = 'processed' and processed_at is not null)
                  or ($3 = 'dead' and dead_at is not null)
                  or ($3 = 'open' and processed_at is null and dead_at is null))
           order by id desc limit $4"#,
        before,
        tenant.map(|tenant| tenant.0),
        state,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
