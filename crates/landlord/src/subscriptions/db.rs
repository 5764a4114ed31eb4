//! The SQL of subscriptions.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

use super::{Kept, Pending, SubscriptionStatus};

pub(super) async fn insert(tx: &mut LandlordTx, tenant: TenantId, plan: &str, trial_days: u32) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into subscriptions (tenant_id, plan, status, trial_ends_at)
         values ($1, $2, 'trialing', now() + $3 * interval '1 day')",
        tenant.0,
        plan,
        f64::from(trial_days)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn lock_plan(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select plan from subscriptions where tenant_id = $1 for update", tenant.0)
        .fetch_optional(tx.conn())
        .await
}

pub(super) async fn lock(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<()> {
    lock_plan(tx, tenant).await.map(drop)
}

pub(super) async fn set_plan(tx: &mut LandlordTx, tenant: TenantId, plan: &str) -> sqlx::Result<()> {
    sqlx::query!("update subscriptions set plan = $2, updated_at = now() where tenant_id = $1", tenant.0, plan)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn set_status(tx: &mut LandlordTx, tenant: TenantId, status: SubscriptionStatus) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions set status = $2, updated_at = now() where tenant_id = $1",
        tenant.0,
        status as _
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn read(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"select plan, status as "status: SubscriptionStatus", price_id, stripe_subscription, stripe_item,
               trial_ends_at, current_period_start, current_period_end, cancel_at, canceled_at, ended_at, pending_plan,
               pending_at, behind_since
           from subscriptions where tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Kept {
        plan: row.plan,
        status: row.status,
        price: row.price_id,
        stripe_subscription: row.stripe_subscription,
        stripe_item: row.stripe_item,
        trial_ends_at: row.trial_ends_at,
        period_start: row.current_period_start,
        period_end: row.current_period_end,
        cancel_at: row.cancel_at,
        canceled_at: row.canceled_at,
        ended_at: row.ended_at,
        pending: row.pending_plan.zip(row.pending_at).map(|(plan, at)| Pending { plan, at }),
        behind_since: row.behind_since,
    }))
}

pub(super) async fn write(tx: &mut LandlordTx, tenant: TenantId, to: &Kept) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions set plan = $2, status = $3, price_id = $4, stripe_subscription = $5, stripe_item = $6,
             trial_ends_at = $7, current_period_start = $8, current_period_end = $9, cancel_at = $10,
             canceled_at = $11, ended_at = $12, pending_plan = $13, pending_at = $14, updated_at = now()
         where tenant_id = $1",
        tenant.0,
        to.plan,
        to.status as _,
        to.price,
        to.stripe_subscription,
        to.stripe_item,
        to.trial_ends_at,
        to.period_start,
        to.period_end,
        to.cancel_at,
        to.canceled_at,
        to.ended_at,
        to.pending.as_ref().map(|pending| pending.plan.as_str()),
        to.pending.as_ref().map(|pending| pending.at)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn ask(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("update subscriptions set asked = asked + 1 where tenant_id = $1 returning asked", tenant.0)
        .fetch_optional(tx.conn())
        .await
}

/// Locks the subscription. False when a higher number was heard.
pub(super) async fn hear(tx: &mut LandlordTx, tenant: TenantId, number: i64, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update subscriptions set heard = $2, heard_at = $3 where tenant_id = $1 and heard < $2",
        tenant.0,
        number,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn pending_due(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from subscriptions
           where pending_at <= $1 and ($2::uuid[] is null or tenant_id = any($2)) order by pending_at limit $3"#,
        now,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn unheard(
    tx: &mut LandlordTx,
    since: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from subscriptions
           where stripe_subscription is not null and heard_at <= $1 and ended_at is null
             and ($2::uuid[] is null or tenant_id = any($2))
           order by heard_at limit $3"#,
        since,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn trials_over(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from subscriptions
           where status = 'trialing' and stripe_subscription is null and trial_ends_at <= $1
             and ($2::uuid[] is null or tenant_id = any($2))
           order by trial_ends_at limit $3"#,
        now,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn trials_ending(
    tx: &mut LandlordTx,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from subscriptions
           where status = 'trialing' and trial_ends_at > $1 and trial_ends_at <= $2
             and trial_warned_for is distinct from trial_ends_at and ($3::uuid[] is null or tenant_id = any($3))
           order by trial_ends_at limit $4"#,
        now,
        until,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

pub(super) async fn warned(tx: &mut LandlordTx, tenant: TenantId, end: DateTime<Utc>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update subscriptions set trial_warned_for = $2
         where tenant_id = $1 and trial_ends_at = $2 and trial_warned_for is distinct from $2",
        tenant.0,
        end
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
