//! Give a member another role.

use kernel::db::{LandlordTx, retrying};
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use kernel::role::Role;
use serde::Deserialize;
use serde_json::json;

use super::{MemberError, db, seats};
use crate::audit::{self, Act};
use crate::mails::kinds::StaffMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

/// What a member is to be.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRole {
    /// The new role.
    #[garde(skip)]
    pub role: Role,
}

/// Changes a member's role; it holds from their next request on. Nobody gives or takes a role that is above them, and
/// the last owner stays one.
pub async fn change_role(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    by: AccountId,
    member: AccountId,
    to: Role,
) -> Result<(), MemberError> {
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let store = seats::lock(&mut tx, tenant).await?;
        let (mine, _) = db::find(&mut tx, tenant, by).await?.ok_or(MemberError::NotFound)?;
        let (from, email) = db::find(&mut tx, tenant, member).await?.ok_or(MemberError::NotFound)?;
        for role in [from, to] {
            if !mine.decides_over(role) {
                return Err(MemberError::Above(mine, role));
            }
        }
        if from == to {
            return Ok(());
        }
        spare_an_owner(&mut tx, tenant, from).await?;
        if !db::set_role(&mut tx, tenant, member, from, to).await? {
            return Err(MemberError::NotFound);
        }
        let mail = StaffMail::RoleChanged { store, from: from.name().to_owned(), to: to.name().to_owned() };
        mails::enqueue(&mut tx, origin, NewMail::new(email, mail).about(tenant).for_account(member)).await?;
        let data = json!({"from": from, "to": to});
        let act = Act { action: "staff.role_changed", tenant: Some(tenant), account: Some(member), data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// May one of this role go? The store is locked.
pub(super) async fn spare_an_owner(tx: &mut LandlordTx, tenant: TenantId, role: Role) -> Result<(), MemberError> {
    match role {
        Role::Owner if db::owners(tx, tenant).await? <= 1 => Err(MemberError::LastOwner),
        Role::Owner | Role::Manager | Role::Fulfilment | Role::Support | Role::Viewer => Ok(()),
    }
}
