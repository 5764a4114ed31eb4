//! The SQL of usage and its reports.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use uuid::Uuid;

/// A report that is ours to send until its lease ends.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: Uuid,
    pub(super) tenant: TenantId,
    pub(super) feature: String,
    pub(super) day: NaiveDate,
    pub(super) quantity: i64,
    pub(super) attempts: i32,
    pub(super) customer: Option<String>,
    /// When an attempt that may have arrived was first made.
    pub(super) tried_at: Option<DateTime<Utc>>,
}

/// What was used and not reported.
#[derive(Debug)]
pub(super) struct Unreported {
    pub(super) tenant: TenantId,
    pub(super) feature: String,
    pub(super) day: NaiveDate,
}

pub(super) async fn add(
    tx: &mut LandlordTx,
    tenant: TenantId,
    feature: &str,
    day: NaiveDate,
    more: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into metered_usage as kept (tenant_id, feature, day, used) values ($1, $2, $3, $4)
         on conflict (tenant_id, feature, day) do update set used = kept.used + excluded.used",
        tenant.0,
        feature,
        day,
        more
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn raise(
    tx: &mut LandlordTx,
    tenant: TenantId,
    feature: &str,
    day: NaiveDate,
    total: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into metered_usage as kept (tenant_id, feature, day, used) values ($1, $2, $3, $4)
         on conflict (tenant_id, feature, day) do update set used = excluded.used where kept.used < excluded.used",
        tenant.0,
        feature,
        day,
        total
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Of stores that are customers, and of days that the provider still takes.
pub(super) async fn unreported(
    tx: &mut LandlordTx,
    since: NaiveDate,
    only: Option<&[Uuid]>,
    limit: i64,
) -> sqlx::Result<Vec<Unreported>> {
    sqlx::query_as!(
        Unreported,
        r#"select u.tenant_id as "tenant: TenantId", u.feature, u.day from metered_usage u
           join subscriptions s on s.tenant_id = u.tenant_id and s.stripe_subscription is not null
           where u.reported < u.used and u.day >= $1 and ($2::uuid[] is null or u.tenant_id = any($2))
           order by u.day limit $3"#,
        since,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// Takes all that is not reported out of the counter; how much it was.
pub(super) async fn promise(tx: &mut LandlordTx, of: &Unreported) -> sqlx::Result<Option<i64>> {
    let quantity = sqlx::query_scalar!(
        r#"select used - reported as "quantity!" from metered_usage
           where tenant_id = $1 and feature = $2 and day = $3 and reported < used for update"#,
        of.tenant.0,
        of.feature,
        of.day
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(quantity) = quantity else { return Ok(None) };
    sqlx::query!(
        "update metered_usage set reported = reported + $4 where tenant_id = $1 and feature = $2 and day = $3",
        of.tenant.0,
        of.feature,
        of.day,
        quantity
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(quantity))
}

pub(super) async fn insert(tx: &mut LandlordTx, id: Uuid, of: &Unreported, quantity: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into usage_reports (id, tenant_id, feature, day, quantity) values ($1, $2, $3, $4, $5)",
        id,
        of.tenant.0,
        of.feature,
        of.day,
        quantity
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn claim(tx: &mut LandlordTx, only: Option<&[Uuid]>, limit: i64) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"with due as (
               select id from usage_reports
               where state = 'waiting' and next_at <= now() and ($1::uuid[] is null or tenant_id = any($1))
               order by next_at limit $2 for update skip locked)
           update usage_reports r set attempts = attempts + 1, next_at = now() + interval '2 minutes'
           from due where r.id = due.id
           returning r.id, r.tenant_id as "tenant: TenantId", r.feature, r.day, r.quantity, r.attempts, r.tried_at,
               (select c.stripe_customer from billing_customers c where c.tenant_id = r.tenant_id) as customer"#,
        only as _,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// From now on it may have arrived.
pub(super) async fn trying(tx: &mut LandlordTx, id: Uuid, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("update usage_reports set tried_at = coalesce(tried_at, $2) where id = $1", id, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Certainly it did not arrive: the provider was not reached.
pub(super) async fn untried(tx: &mut LandlordTx, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update usage_reports set tried_at = null where id = $1 and state = 'waiting'", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(super) async fn sent(tx: &mut LandlordTx, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "update usage_reports set state = 'sent', sent_at = now(), last_error = null where id = $1 and state = 'waiting'",
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn later(tx: &mut LandlordTx, id: Uuid, error: &str, seconds: f64) -> sqlx::Result<()> {
    sqlx::query!(
        "update usage_reports set last_error = left($2, 500), next_at = now() + $3 * interval '1 second'
         where id = $1 and state = 'waiting'",
        id,
        error,
        seconds
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn put_aside(tx: &mut LandlordTx, id: Uuid, state: &str, error: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update usage_reports set state = $2, last_error = left($3, 500) where id = $1 and state = 'waiting'",
        id,
        state,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
