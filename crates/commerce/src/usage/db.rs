//! The SQL of usage counters.

use kernel::db::TenantTx;

/// Locks a counter, making it at its first use. Returns what is used.
pub(super) async fn lock(tx: &mut TenantTx, feature: &str, period: &str) -> sqlx::Result<i64> {
    let used = sqlx::query_scalar!(
        "select used from usage_counters where feature = $1 and period = $2 for update",
        feature,
        period
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(used) = used {
        return Ok(used);
    }
    // Two may come here at once; the second waits for the first and then counts on.
    sqlx::query_scalar!(
        "insert into usage_counters (feature, period, used) values ($1, $2, 0)
         on conflict (feature, period) do update set used = usage_counters.used
         returning used",
        feature,
        period
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn add(tx: &mut TenantTx, feature: &str, period: &str, count: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update usage_counters set used = greatest(used + $3, 0) where feature = $1 and period = $2",
        feature,
        period,
        count
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
