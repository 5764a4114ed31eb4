//! Give a store to another of its members.

use kernel::db::retrying;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use kernel::role::Role;
use serde::Deserialize;
use serde_json::json;

use super::{MemberError, db, seats};
use crate::access::Account;
use crate::accounts;
use crate::audit::{self, Act};
use crate::mails;
use crate::mails::kinds::StaffMail;
use crate::platform::Landlord;

/// Who is to own the store.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferOwnership {
    /// One of the store's members.
    #[garde(skip)]
    pub account_id: AccountId,
    /// One's own password.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub password: String,
    /// A code of one's second factor, if one has one.
    #[garde(length(bytes, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub code: Option<String>,
}

/// Makes a member owner and the owner who gives the store away a manager, in one step.
pub async fn transfer_ownership(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    tenant: TenantId,
    request: &TransferOwnership,
) -> Result<(), MemberError> {
    let mut tx = landlord.db.begin().await?;
    let mine = db::find(&mut tx, tenant, account.id).await?;
    tx.commit().await?;
    // Who has no business in the store does not learn that it is there.
    let (mine, _) = mine.ok_or(MemberError::NotFound)?;
    if mine != Role::Owner {
        return Err(MemberError::NotOwner);
    }
    accounts::prove_password(landlord, origin, account, &request.password).await?;
    let new = request.account_id;
    if new == account.id {
        return Ok(());
    }
    let mut tx = landlord.db.begin().await?;
    if accounts::has_second_factor(&mut tx, account.id).await? {
        let code = request.code.as_deref().ok_or(accounts::AccountError::CodeRequired { challenge: None })?;
        accounts::prove_second_factor(&mut tx, landlord, origin, account.id, code).await?;
    }
    tx.commit().await?;
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let store = seats::lock(&mut tx, tenant).await?;
        let (mine, from) = db::find(&mut tx, tenant, account.id).await?.ok_or(MemberError::NotFound)?;
        if mine != Role::Owner {
            return Err(MemberError::NotOwner);
        }
        let (role, to) = db::find(&mut tx, tenant, new).await?.ok_or(MemberError::NotFound)?;
        // Told while both are owners or were.
        let (from, to) = (from.to_string(), to.to_string());
        if role != Role::Owner {
            db::set_role(&mut tx, tenant, new, role, Role::Owner).await?;
        }
        mails::tell_owners(&mut tx, origin, tenant, StaffMail::OwnershipTransferred { store, from, to }, None).await?;
        db::set_role(&mut tx, tenant, account.id, Role::Owner, Role::Manager).await?;
        let data = json!({"from": account.id, "to": new});
        let act = Act { action: "staff.ownership_transferred", tenant: Some(tenant), account: Some(new), data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
