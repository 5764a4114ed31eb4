//! Take a member's role away, or one's own.

use kernel::db::retrying;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use serde_json::json;

use super::change_role::spare_an_owner;
use super::{MemberError, db, seats};
use crate::audit::{self, Act};
use crate::mails::kinds::StaffMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

/// Removes a member; it holds from their next request on. Whoever removes themselves leaves.
pub async fn remove(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    by: AccountId,
    member: AccountId,
) -> Result<(), MemberError> {
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let store = seats::lock(&mut tx, tenant).await?;
        let (mine, _) = db::find(&mut tx, tenant, by).await?.ok_or(MemberError::NotFound)?;
        let (role, email) = db::find(&mut tx, tenant, member).await?.ok_or(MemberError::NotFound)?;
        if by != member && !mine.decides_over(role) {
            return Err(MemberError::Above(mine, role));
        }
        spare_an_owner(&mut tx, tenant, role).await?;
        if !db::delete(&mut tx, tenant, member).await? {
            return Err(MemberError::NotFound);
        }
        let mail = NewMail::new(email, StaffMail::Removed { store }).about(tenant).for_account(member);
        mails::enqueue(&mut tx, origin, mail).await?;
        let action = if by == member { "staff.left" } else { "staff.removed" };
        let data = json!({"role": role});
        audit::note(&mut tx, origin, &Act { action, tenant: Some(tenant), account: Some(member), data }).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Leaves a store.
pub async fn leave(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    account: AccountId,
) -> Result<(), MemberError> {
    remove(landlord, origin, tenant, account, account).await
}
