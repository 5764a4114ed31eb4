//! Room for one more: the plan's limit of staff, counted exactly.

use kernel::db::LandlordTx;
use kernel::entitlements::{Allowance, Entitlements};
use kernel::id::{AccountId, TenantId};
use kernel::role::Role;

use super::{MemberError, db};

/// The feature that limits it.
const FEATURE: &str = "max_staff";

/// Locks the store until the transaction ends; says its name. Taken first by whatever changes its staff.
pub(crate) async fn lock(tx: &mut LandlordTx, tenant: TenantId) -> Result<String, MemberError> {
    db::lock(tx, tenant).await?.ok_or(MemberError::NotFound)
}

/// Is there room for one more? Members and open invitations take a seat each. The store is locked.
pub(crate) async fn take_seat(
    tx: &mut LandlordTx,
    tenant: TenantId,
    entitlements: &Entitlements,
) -> Result<(), MemberError> {
    let Allowance::UpTo(limit) = entitlements.allowance(FEATURE) else { return Ok(()) };
    let used = db::seats(tx, tenant).await?;
    if used < limit {
        return Ok(());
    }
    let plan = entitlements.plan_allowing(FEATURE, used).map(str::to_owned);
    Err(MemberError::LimitReached { limit, used, plan })
}

/// Gives an account a role. False when it has one.
pub(crate) async fn add(tx: &mut LandlordTx, tenant: TenantId, account: AccountId, role: Role) -> sqlx::Result<bool> {
    db::insert(tx, tenant, account, role).await
}
