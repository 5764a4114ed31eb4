//! List tenants.

use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};

use super::{StoreView, TenantRow, TenantView, db};
use crate::platform::LandlordSettings;

/// Tenants in the order in which they came, those after `after`.
pub async fn list(tx: &mut LandlordTx, after: Option<TenantId>, limit: i64) -> sqlx::Result<Vec<TenantRow>> {
    db::list(tx, after, limit).await
}

/// The tenant with this slug.
pub async fn by_slug(tx: &mut LandlordTx, slug: &str) -> sqlx::Result<Option<TenantRow>> {
    db::by_slug(tx, slug).await
}

/// The stores in which an account has a role, closed ones left out.
pub async fn stores_of(
    tx: &mut LandlordTx,
    settings: &LandlordSettings,
    account: AccountId,
    after: Option<TenantId>,
    limit: i64,
) -> sqlx::Result<Vec<StoreView>> {
    let rows = db::stores_of(tx, account, after, limit).await?;
    let view = |row: db::Store| StoreView {
        tenant: TenantView {
            url: settings.store_url(&row.slug),
            id: row.id,
            slug: row.slug,
            name: row.name,
            status: row.state,
        },
        role: row.role,
        plan: row.plan,
        subscription_status: row.subscription_status,
        trial_ends_at: row.trial_ends_at,
    };
    Ok(rows.into_iter().map(view).collect())
}
