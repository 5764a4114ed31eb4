//! The SQL of jobs.

use chrono::{DateTime, Utc};
use kernel::db::{ClusterTx, TenantTx};
use kernel::id::TenantId;
use uuid::Uuid;

use super::{Due, Job, NewJob};

pub(super) async fn insert(tx: &mut TenantTx, tenant: TenantId, jobs: &[NewJob]) -> sqlx::Result<()> {
    let kinds: Vec<String> = jobs.iter().map(|job| job.kind.name().to_owned()).collect();
    let subjects: Vec<Uuid> = jobs.iter().map(|job| job.subject).collect();
    let mut delays: Vec<f64> = Vec::with_capacity(jobs.len());
    let mut times: Vec<Option<DateTime<Utc>>> = Vec::with_capacity(jobs.len());
    for job in jobs {
        let (delay, time) = match job.due {
            Due::In(delay) => (delay.as_secs_f64(), None),
            Due::At(time) => (0.0, Some(time)),
        };
        delays.push(delay);
        times.push(time);
    }
    let requests: Vec<String> = jobs.iter().map(|job| job.request_id.clone()).collect();
    sqlx::query!(
        "insert into souk.jobs (tenant_id, kind, subject, run_at, request_id)
         select $1, u.kind, u.subject, coalesce(u.at, now() + make_interval(secs => u.delay)), u.request_id
         from unnest($2::text[], $3::uuid[], $4::float8[], $5::timestamptz[], $6::text[])
              as u (kind, subject, delay, at, request_id)",
        tenant.0,
        &kinds,
        &subjects,
        &delays,
        &times as &[Option<DateTime<Utc>>],
        &requests,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Leases what is due. `only` narrows it to some tenants.
pub(super) async fn claim(
    tx: &mut ClusterTx,
    limit: i64,
    lease_seconds: f64,
    only: Option<&[Uuid]>,
) -> sqlx::Result<Vec<Job>> {
    sqlx::query_as!(
        Job,
        r#"update souk.jobs as j
           set attempts = j.attempts + 1, lease = j.lease + 1, run_at = now() + make_interval(secs => $2)
           from (
               select id from souk.jobs
               where dead_at is null and run_at <= now() and ($3::uuid[] is null or tenant_id = any($3))
               order by priority, run_at limit $1
               for update skip locked
           ) as due
           where j.id = due.id
           returning j.id, j.tenant_id as "tenant: TenantId", j.kind, j.subject, j.attempts, j.lease, j.request_id"#,
        limit,
        lease_seconds,
        only,
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn delete(tx: &mut ClusterTx, job: &Job) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from souk.jobs where id = $1 and lease = $2", job.id, job.lease);
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

pub(super) async fn put_off(tx: &mut ClusterTx, job: &Job, seconds: f64, error: Option<&str>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update souk.jobs set run_at = now() + make_interval(secs => $3), last_error = $4 where id = $1 and lease = $2",
        job.id,
        job.lease,
        seconds,
        error,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

pub(super) async fn bury(tx: &mut ClusterTx, job: &Job, error: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update souk.jobs set dead_at = now(), last_error = $3 where id = $1 and lease = $2",
        job.id,
        job.lease,
        error,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}
