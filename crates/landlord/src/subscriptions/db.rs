//! The SQL of subscriptions.

use kernel::db::LandlordTx;
use kernel::id::TenantId;

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

pub(super) async fn set_plan(tx: &mut LandlordTx, tenant: TenantId, plan: &str) -> sqlx::Result<()> {
    sqlx::query!("update subscriptions set plan = $2, updated_at = now() where tenant_id = $1", tenant.0, plan)
        .execute(tx.conn())
        .await?;
    Ok(())
}
