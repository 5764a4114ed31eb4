//! The SQL of cron.

use chrono::{DateTime, Utc};
use kernel::db::ClusterTx;

pub(super) async fn now(tx: &mut ClusterTx) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(tx.conn()).await
}

/// A new schedule counts from now; the same one stays as it was.
pub(super) async fn upsert(
    tx: &mut ClusterTx,
    name: &str,
    schedule: &str,
    next_run_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into souk.cron as c (name, schedule, next_run_at) values ($1, $2, $3)
         on conflict (name) do update set schedule = excluded.schedule, next_run_at = excluded.next_run_at
         where c.schedule <> excluded.schedule",
        name,
        schedule,
        next_run_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn claim(tx: &mut ClusterTx, name: &str, lease_seconds: f64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "update souk.cron set next_run_at = now() + make_interval(secs => $2), lease = lease + 1
         where name = $1 and next_run_at <= now() returning lease",
        name,
        lease_seconds,
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn extend(tx: &mut ClusterTx, name: &str, lease: i64, lease_seconds: f64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update souk.cron set next_run_at = now() + make_interval(secs => $3) where name = $1 and lease = $2",
        name,
        lease,
        lease_seconds,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

pub(super) async fn finish(
    tx: &mut ClusterTx,
    name: &str,
    lease: i64,
    next_run_at: DateTime<Utc>,
    error: Option<&str>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update souk.cron set next_run_at = $3, last_run_at = now(), last_error = $4 where name = $1 and lease = $2",
        name,
        lease,
        next_run_at,
        error,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}
