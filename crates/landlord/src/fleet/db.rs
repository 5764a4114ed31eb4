//! The SQL of runs.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

use super::{Counts, Failure, Planned, Run, RunState, Waiting};

pub(super) async fn insert(tx: &mut LandlordTx, target: i64, state: RunState) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into fleet_runs (target_version, state) values ($1, $2) returning id",
        target,
        state as _
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn insert_stores(tx: &mut LandlordTx, run: i64, planned: &[Planned]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = planned.iter().map(|one| one.id.0).collect();
    let names: Vec<String> = planned.iter().map(|one| one.name.clone()).collect();
    let clusters: Vec<String> = planned.iter().map(|one| one.cluster.clone()).collect();
    let spares: Vec<bool> = planned.iter().map(|one| one.spare).collect();
    let canaries: Vec<bool> = planned.iter().map(|one| one.canary).collect();
    let versions: Vec<i64> = planned.iter().map(|one| one.from_version).collect();
    sqlx::query!(
        "insert into fleet_run_stores (run_id, schema_id, name, cluster, spare, canary, from_version)
         select $1, u.id, u.name, u.cluster, u.spare, u.canary, u.version
         from unnest($2::uuid[], $3::text[], $4::text[], $5::bool[], $6::bool[], $7::bigint[])
              as u (id, name, cluster, spare, canary, version)",
        run,
        &ids,
        &names,
        &clusters,
        &spares,
        &canaries,
        &versions
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn supersede(tx: &mut LandlordTx, run: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update fleet_runs set state = 'superseded', finished_at = now()
         where id = $1 and finished_at is null and leased_until <= now()",
        run
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn take(tx: &mut LandlordTx, run: i64, node: &str, seconds: f64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "update fleet_runs set node = $2, lease = lease + 1, leased_until = now() + make_interval(secs => $3)
         where id = $1 and finished_at is null and leased_until <= now() returning lease",
        run,
        node,
        seconds
    )
    .fetch_optional(tx.conn())
    .await
}

/// Does it rest? `None` when the lease is another's.
pub(super) async fn extend(tx: &mut LandlordTx, run: i64, lease: i64, seconds: f64) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"update fleet_runs set leased_until = now() + make_interval(secs => $3)
           where id = $1 and lease = $2 and finished_at is null returning paused_at is not null as "paused!""#,
        run,
        lease,
        seconds
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn release(tx: &mut LandlordTx, run: i64, lease: i64) -> sqlx::Result<()> {
    sqlx::query!("update fleet_runs set leased_until = now() where id = $1 and lease = $2", run, lease)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn set_paused(tx: &mut LandlordTx, rest: bool) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "update fleet_runs set paused_at = case when $1 then coalesce(paused_at, now()) end
         where finished_at is null returning id",
        rest
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn set_state(
    tx: &mut LandlordTx,
    run: i64,
    lease: i64,
    state: RunState,
    over: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update fleet_runs set state = $3, finished_at = case when $4 then now() end
         where id = $1 and lease = $2 and finished_at is null",
        run,
        lease,
        state as _,
        over
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn waiting(
    tx: &mut LandlordTx,
    run: i64,
    canaries: bool,
    after: Option<TenantId>,
    limit: i64,
) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"select schema_id as "id: TenantId", name, cluster, spare, from_version from fleet_run_stores
           where run_id = $1 and canary = $2 and state = 'waiting' and schema_id > $3
           order by schema_id limit $4"#,
        run,
        canaries,
        after.map_or(Uuid::nil(), |after| after.0),
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn settle(
    tx: &mut LandlordTx,
    run: i64,
    store: TenantId,
    tries: i32,
    error: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update fleet_run_stores
         set state = case when $4::text is null then 'done' else 'failed' end, tries = $3, error = $4, finished_at = now()
         where run_id = $1 and schema_id = $2 and state = 'waiting'",
        run,
        store.0,
        tries,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn unfinished(tx: &mut LandlordTx) -> sqlx::Result<Option<Run>> {
    sqlx::query_as!(
        Run,
        r#"select id, target_version, state as "state: RunState", paused_at, leased_until > now() as "held!", node,
               created_at, finished_at
           from fleet_runs where finished_at is null"#
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn last(tx: &mut LandlordTx) -> sqlx::Result<Option<Run>> {
    sqlx::query_as!(
        Run,
        r#"select id, target_version, state as "state: RunState", paused_at,
               finished_at is null and leased_until > now() as "held!", node, created_at, finished_at
           from fleet_runs order by id desc limit 1"#
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn counts(tx: &mut LandlordTx, run: i64) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"select count(*) filter (where state = 'waiting') as "waiting!", count(*) filter (where state = 'done') as "done!",
               count(*) filter (where state = 'failed') as "failed!",
               count(*) filter (where finished_at > now() - interval '1 minute') as "last_minute!"
           from fleet_run_stores where run_id = $1"#,
        run
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn failures(tx: &mut LandlordTx, run: i64, limit: i64) -> sqlx::Result<Vec<Failure>> {
    sqlx::query_as!(
        Failure,
        r#"select name, schema_id as "id: TenantId", cluster, from_version, tries, error from fleet_run_stores
           where run_id = $1 and state = 'failed' order by schema_id limit $2"#,
        run,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
