//! Who may.

use kernel::id::TenantId;

use super::BillingError;
use crate::access::Account;
use crate::platform::Landlord;
use crate::tenants;

/// Lets owners of the store through. For everybody without a role there it does not exist.
pub(super) async fn owner(landlord: &Landlord, account: &Account, tenant: TenantId) -> Result<(), BillingError> {
    match tenants::staff_role(&landlord.db, account.id, account.session, tenant).await?.as_deref() {
        Some("owner") => Ok(()),
        Some(_) => Err(BillingError::NotOwner),
        None => Err(BillingError::NotFound),
    }
}
