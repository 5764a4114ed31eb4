//! Open a store whose schema is ready.

use kernel::db::retrying;
use kernel::id::TenantId;

use super::{Step, TenantError, TenantState, db};
use crate::changes;
use crate::platform::Landlord;

/// Makes the store active. Of several who do it, one does; for the others it is done.
pub async fn activate(landlord: &Landlord, tenant: TenantId) -> Result<(), TenantError> {
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let state = db::lock(&mut tx, tenant).await?.ok_or(TenantError::NotFound)?;
        if state == TenantState::Active {
            return Ok(());
        }
        let next = state.after(Step::Activate)?;
        db::set_state(&mut tx, tenant, state, next).await?;
        db::set_versions(&mut tx, &[(tenant, landlord.settings.tenant_version)]).await?;
        changes::tell(&mut tx, tenant).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
