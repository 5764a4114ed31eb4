//! The SQL of moves.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{Move, MoveStep};

/// How long a process that is not heard of keeps a move, in seconds.
const LEASE: f64 = 30.0;

pub(super) async fn is_cluster(tx: &mut LandlordTx, id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from clusters where id = $1) as "there!""#, id)
        .fetch_one(tx.conn())
        .await
}

pub(super) async fn insert(
    tx: &mut LandlordTx,
    tenant: TenantId,
    from: &str,
    to: &str,
    step: MoveStep,
) -> sqlx::Result<Move> {
    sqlx::query_as!(
        Move,
        r#"insert into tenant_moves (tenant_id, from_cluster, to_cluster, step, leased_until)
           values ($1, $2, $3, $4, now() + make_interval(secs => $5))
           returning id, tenant_id as "tenant: TenantId", from_cluster as "from", to_cluster as "to",
               step as "step: MoveStep", last_error, window_ms, keep_until, purged_at, lease"#,
        tenant.0,
        from,
        to,
        step as _,
        LEASE
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn open_of(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Move>> {
    sqlx::query_as!(
        Move,
        r#"select id, tenant_id as "tenant: TenantId", from_cluster as "from", to_cluster as "to",
               step as "step: MoveStep", last_error, window_ms, keep_until, purged_at, lease
           from tenant_moves where tenant_id = $1 and step in ('copying', 'closing', 'switched')"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn last_of(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Move>> {
    sqlx::query_as!(
        Move,
        r#"select id, tenant_id as "tenant: TenantId", from_cluster as "from", to_cluster as "to",
               step as "step: MoveStep", last_error, window_ms, keep_until, purged_at, lease
           from tenant_moves where tenant_id = $1 order by id desc limit 1"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Takes an open move that nobody is at.
pub(super) async fn take(tx: &mut LandlordTx, id: i64) -> sqlx::Result<Option<Move>> {
    sqlx::query_as!(
        Move,
        r#"update tenant_moves set lease = lease + 1, leased_until = now() + make_interval(secs => $2)
           where id = $1 and leased_until <= now() and step in ('copying', 'closing', 'switched')
           returning id, tenant_id as "tenant: TenantId", from_cluster as "from", to_cluster as "to",
               step as "step: MoveStep", last_error, window_ms, keep_until, purged_at, lease"#,
        id,
        LEASE
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn take_abandoned(tx: &mut LandlordTx) -> sqlx::Result<Option<Move>> {
    sqlx::query_as!(
        Move,
        r#"update tenant_moves set lease = lease + 1, leased_until = now() + make_interval(secs => $1)
           where id = (select id from tenant_moves
                       where leased_until <= now() and step in ('closing', 'switched')
                       order by leased_until limit 1 for update skip locked)
           returning id, tenant_id as "tenant: TenantId", from_cluster as "from", to_cluster as "to",
               step as "step: MoveStep", last_error, window_ms, keep_until, purged_at, lease"#,
        LEASE
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn extend(tx: &mut LandlordTx, id: i64, lease: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update tenant_moves set leased_until = now() + make_interval(secs => $3)
         where id = $1 and lease = $2 and step in ('copying', 'closing', 'switched')",
        id,
        lease,
        LEASE
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Steps on; the lease of a move that is over ends with it.
pub(super) async fn set_step(
    tx: &mut LandlordTx,
    id: i64,
    lease: i64,
    from: &[String],
    to: MoveStep,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update tenant_moves set step = $4, updated_at = now() where id = $1 and lease = $2 and step = any($3)",
        id,
        lease,
        from,
        to as _
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Back from `closing`, or from a `copying` that went wrong; nobody is at it any more.
pub(super) async fn reopen(tx: &mut LandlordTx, id: i64, lease: i64, error: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update tenant_moves set step = 'copying', lease = lease + 1, leased_until = now(), last_error = $3,
             updated_at = now()
         where id = $1 and lease = $2 and step in ('copying', 'closing')",
        id,
        lease,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_window(tx: &mut LandlordTx, id: i64, window_ms: i64) -> sqlx::Result<()> {
    sqlx::query!("update tenant_moves set window_ms = $2, last_error = null where id = $1", id, window_ms)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn keep(tx: &mut LandlordTx, id: i64, days: i32) -> sqlx::Result<()> {
    sqlx::query!("update tenant_moves set keep_until = now() + make_interval(days => $2) where id = $1", id, days)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn under_way(tx: &mut LandlordTx) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from tenant_moves where step in ('copying', 'closing', 'switched')"#
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn kept(tx: &mut LandlordTx, only: Option<TenantId>) -> sqlx::Result<Vec<Move>> {
    sqlx::query_as!(
        Move,
        r#"select id, tenant_id as "tenant: TenantId", from_cluster as "from", to_cluster as "to",
               step as "step: MoveStep", last_error, window_ms, keep_until, purged_at, lease
           from tenant_moves
           where step = 'done' and purged_at is null and (tenant_id = $1 or ($1::uuid is null and keep_until <= now()))
           order by id limit 100"#,
        only.map(|tenant| tenant.0)
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn set_purged(tx: &mut LandlordTx, id: i64) -> sqlx::Result<()> {
    sqlx::query!("update tenant_moves set purged_at = now() where id = $1 and purged_at is null", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
