//! Ask what an account is in a store.

use kernel::db::LandlordDb;
use kernel::id::{AccountId, TenantId};

use super::db;
use crate::accounts::SessionId;

/// The account's role, if it has one, the session lives and the account is not disabled: one query, asked on every
/// request, so that logging out and losing a role take effect at once.
pub async fn staff_role(
    landlord: &LandlordDb,
    account: AccountId,
    session: SessionId,
    tenant: TenantId,
) -> sqlx::Result<Option<String>> {
    let mut tx = landlord.begin().await?;
    let role = db::role(&mut tx, account, session, tenant).await?;
    tx.commit().await?;
    Ok(role)
}
