//! The SQL of jobs.

use chrono::{DateTime, Utc};
use kernel::db::{ClusterTx, TenantTx};
use kernel::id::TenantId;
use uuid::Uuid;

use super::{Due, Job, JobState, Kind, Listed, NewJob, Queue};

pub(super) async fn insert(tx: &mut TenantTx, tenant: TenantId, jobs: &[NewJob]) -> sqlx::Result<()> {
    let queues: Vec<String> = jobs.iter().map(|job| job.kind.queue().name().to_owned()).collect();
    let priorities: Vec<i16> = jobs.iter().map(|job| job.kind.queue().priority()).collect();
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
        "insert into souk.jobs (tenant_id, queue, priority, kind, subject, run_at, request_id)
         select $1, u.queue, u.priority, u.kind, u.subject, coalesce(u.at, now() + make_interval(secs => u.delay)),
                u.request_id
         from unnest($2::text[], $3::smallint[], $4::text[], $5::uuid[], $6::float8[], $7::timestamptz[], $8::text[])
              as u (queue, priority, kind, subject, delay, at, request_id)",
        tenant.0,
        &queues,
        &priorities,
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

/// Leases what is due: of each queue what waits longest, of these what is first by due time + priority. Other
/// versions' queues are left to them. `only` narrows it to some tenants.
pub(super) async fn claim(
    tx: &mut ClusterTx,
    limit: i64,
    lease_seconds: f64,
    only: Option<&[Uuid]>,
) -> sqlx::Result<Vec<Job>> {
    let queues: Vec<String> = Queue::ALL.iter().map(|queue| queue.name().to_owned()).collect();
    sqlx::query_as!(
        Job,
        r#"update souk.jobs as j
           set attempts = j.attempts + 1, lease = j.lease + 1, run_at = now() + make_interval(secs => $2)
           from (
               select d.id, d.run_at + make_interval(secs => d.priority) as place
               from unnest($4::text[]) as q (name)
               cross join lateral (
                   select w.id, w.run_at, w.priority from souk.jobs as w
                   where w.queue = q.name and w.dead_at is null and w.run_at <= now()
                     and ($3::uuid[] is null or w.tenant_id = any($3))
                   order by w.run_at limit $1
                   for update skip locked
               ) as d
               order by place limit $1
           ) as due
           where j.id = due.id
           returning j.id, j.tenant_id as "tenant: TenantId", j.kind, j.subject, j.attempts, j.lease, j.request_id"#,
        limit,
        lease_seconds,
        only,
        &queues,
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn insert_carried(tx: &mut ClusterTx, job: &Job, queue: Queue) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into souk.jobs (tenant_id, queue, priority, kind, subject, run_at, attempts, request_id)
         values ($1, $2, $3, $4, $5, now(), $6, $7)",
        job.tenant.0,
        queue.name(),
        queue.priority(),
        job.kind,
        job.subject,
        job.attempts,
        job.request_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// What is asked of a list of jobs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    /// Only of this tenant.
    pub tenant: Option<TenantId>,
    /// Only those that stand like this.
    pub state: Option<JobState>,
    /// Only those older than this one.
    pub before: Option<i64>,
}

/// The newest jobs, of all tenants or of one.
pub(super) async fn list(tx: &mut ClusterTx, which: &Which, limit: i64) -> sqlx::Result<Vec<Listed>> {
    let dead = which.state.map(|state| state == JobState::Dead);
    sqlx::query_as!(
        Listed,
        r#"select id, tenant_id as "tenant: TenantId", queue, kind, subject, run_at, attempts, last_error, dead_at,
                  request_id, created_at
           from souk.jobs
           where ($1::uuid is null or tenant_id = $1) and ($2::bool is null or (dead_at is not null) = $2) and id < $3
           order by id desc limit $4"#,
        which.tenant.map(|tenant| tenant.0),
        dead,
        which.before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// One tenant's newest jobs that are dead, or that are not.
pub(super) async fn list_of(
    tx: &mut ClusterTx,
    tenant: TenantId,
    dead: bool,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Listed>> {
    if dead {
        return sqlx::query_as!(
            Listed,
            r#"select id, tenant_id as "tenant: TenantId", queue, kind, subject, run_at, attempts, last_error, dead_at,
                      request_id, created_at
               from souk.jobs where tenant_id = $1 and id < $2 and dead_at is not null
               order by id desc limit $3"#,
            tenant.0,
            before,
            limit,
        )
        .fetch_all(tx.conn())
        .await;
    }
    sqlx::query_as!(
        Listed,
        r#"select id, tenant_id as "tenant: TenantId", queue, kind, subject, run_at, attempts, last_error, dead_at,
                  request_id, created_at
           from souk.jobs where tenant_id = $1 and id < $2 and dead_at is null
           order by id desc limit $3"#,
        tenant.0,
        before,
        limit,
    )
    .fetch_all(tx.conn())
    .await
}

/// The dead job of this number, of any tenant or of one.
pub(super) async fn dead(tx: &mut ClusterTx, id: i64, tenant: Option<TenantId>) -> sqlx::Result<Option<Listed>> {
    sqlx::query_as!(
        Listed,
        r#"select id, tenant_id as "tenant: TenantId", queue, kind, subject, run_at, attempts, last_error, dead_at,
                  request_id, created_at
           from souk.jobs where id = $1 and dead_at is not null and ($2::uuid is null or tenant_id = $2)"#,
        id,
        tenant.map(|tenant| tenant.0),
    )
    .fetch_optional(tx.conn())
    .await
}

/// Makes a dead job due again, with all its tries. The lease goes on: whoever held it when it died stays out.
pub(super) async fn revive(tx: &mut ClusterTx, id: i64, tenant: Option<TenantId>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update souk.jobs set dead_at = null, attempts = 0, lease = lease + 1, run_at = now()
         where id = $1 and dead_at is not null and ($2::uuid is null or tenant_id = $2)",
        id,
        tenant.map(|tenant| tenant.0),
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// The same for at most `limit` dead jobs of a kind, the oldest first.
pub(super) async fn revive_kind(
    tx: &mut ClusterTx,
    kind: &str,
    tenant: Option<TenantId>,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update souk.jobs set dead_at = null, attempts = 0, lease = lease + 1, run_at = now()
         where id in (
             select id from souk.jobs
             where dead_at is not null and kind = $1 and ($2::uuid is null or tenant_id = $2)
             order by id limit $3 for update skip locked)",
        kind,
        tenant.map(|tenant| tenant.0),
        limit,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

pub(super) async fn discard(tx: &mut ClusterTx, id: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from souk.jobs where id = $1 and dead_at is not null", id);
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Puts upkeep off for these tenants, each at a random moment within `spread` seconds, but for those that wait for it
/// already.
pub(super) async fn insert_upkeep(
    tx: &mut ClusterTx,
    kind: Kind,
    tenants: &[Uuid],
    spread: f64,
    request_id: &str,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "insert into souk.jobs (tenant_id, queue, priority, kind, subject, run_at, request_id)
         select u.id, 'maintenance', $5, $1, u.id, now() + random() * make_interval(secs => $3), $4
         from unnest($2::uuid[]) as u (id)
         where not exists (
             select from souk.jobs as j
             where j.kind = $1 and j.tenant_id = u.id and j.queue = 'maintenance' and j.dead_at is null)",
        kind.name(),
        tenants,
        spread,
        request_id,
        kind.queue().priority(),
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
