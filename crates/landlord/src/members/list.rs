//! Ask who works in a store.

use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};
use kernel::role::Role;

use super::{Member, db};
use crate::accounts::Email;

/// The staff of a store.
pub async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    after: Option<AccountId>,
    limit: i64,
) -> sqlx::Result<Vec<Member>> {
    db::list(tx, tenant, after, limit).await
}

/// What an account is in a store, if anything.
pub async fn role_of(tx: &mut LandlordTx, tenant: TenantId, account: AccountId) -> sqlx::Result<Option<Role>> {
    Ok(db::find(tx, tenant, account).await?.map(|(role, _)| role))
}

/// Where letters reach a member.
pub async fn email_of(tx: &mut LandlordTx, tenant: TenantId, account: AccountId) -> sqlx::Result<Option<Email>> {
    Ok(db::find(tx, tenant, account).await?.map(|(_, email)| email))
}
