//! The SQL of ladders and of where stores stand on them.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{Action, Cause, Stage, Step};

/// A store that is behind.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    pub(super) since: DateTime<Utc>,
    pub(super) ladder: String,
    pub(super) stage: Stage,
}

/// The ladder of the tenant's plan, or the usual one.
pub(super) async fn ladder_for(tx: &mut LandlordTx, tenant: TenantId, cause: Cause) -> sqlx::Result<Option<String>> {
    let failed = cause == Cause::PaymentFailed;
    sqlx::query_scalar!(
        "select l.code from dunning_ladders l
         left join subscriptions s on s.tenant_id = $1
         left join plans p on p.code = s.plan
         where (l.code = p.dunning_ladder and $3) or l.usual_for = $2
         order by (l.code = p.dunning_ladder and $3) desc nulls last limit 1",
        tenant.0,
        cause.name(),
        failed
    )
    .fetch_optional(tx.conn())
    .await
}

pub(super) async fn name(tx: &mut LandlordTx, ladder: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select name from dunning_ladders where code = $1", ladder).fetch_optional(tx.conn()).await
}

pub(super) async fn steps(tx: &mut LandlordTx, ladder: &str) -> sqlx::Result<Vec<Step>> {
    let steps = sqlx::query_as!(
        Step,
        r#"select day, action as "action: Action", mail from dunning_steps where ladder = $1"#,
        ladder
    );
    let mut steps = steps.fetch_all(tx.conn()).await?;
    steps.sort();
    Ok(steps)
}

/// Locks the subscription.
pub(super) async fn lock_behind(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Behind>> {
    let row = sqlx::query!(
        r#"select behind_since, ladder, stage as "stage: Stage" from subscriptions where tenant_id = $1 for update"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| Some(Behind { since: row.behind_since?, ladder: row.ladder?, stage: row.stage })))
}

pub(super) async fn behind(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Behind>> {
    let row = sqlx::query!(
        r#"select behind_since, ladder, stage as "stage: Stage" from subscriptions where tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| Some(Behind { since: row.behind_since?, ladder: row.ladder?, stage: row.stage })))
}

/// False when the store is on a ladder already.
pub(super) async fn begin(
    tx: &mut LandlordTx,
    tenant: TenantId,
    since: DateTime<Utc>,
    ladder: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update subscriptions set behind_since = $2, ladder = $3, next_step_at = $2, updated_at = now()
         where tenant_id = $1 and behind_since is null",
        tenant.0,
        since,
        ladder
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn stand(
    tx: &mut LandlordTx,
    tenant: TenantId,
    stage: Stage,
    next: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions set stage = $2, next_step_at = $3, updated_at = now() where tenant_id = $1",
        tenant.0,
        stage as _,
        next
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn undo(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions set behind_since = null, ladder = null, stage = 'none', next_step_at = null,
             updated_at = now()
         where tenant_id = $1",
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// False when this step was taken before.
pub(super) async fn take(
    tx: &mut LandlordTx,
    tenant: TenantId,
    since: DateTime<Utc>,
    step: &Step,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into dunning_taken (tenant_id, since, day, action, taken_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        tenant.0,
        since,
        step.day,
        step.action as _,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When each step was taken.
pub(super) async fn taken(
    tx: &mut LandlordTx,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<(i32, Action, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select day, action as "action: Action", taken_at from dunning_taken where tenant_id = $1 and since = $2"#,
        tenant.0,
        since
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.action, row.taken_at)).collect())
}

/// Stores with a step that is due, the longest due first.
pub(super) async fn due(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    only: Option<&[uuid::Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from subscriptions
           where next_step_at <= $1 and ($2::uuid[] is null or tenant_id = any($2))
           order by next_step_at limit $3"#,
        now,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
