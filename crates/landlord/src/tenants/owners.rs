//! Ask who owns a store.

use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};

use super::db;
use crate::accounts::Email;

/// The owners of a store, and where letters reach them.
pub async fn owners(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Vec<(AccountId, Email)>> {
    db::owners(tx, tenant).await
}
