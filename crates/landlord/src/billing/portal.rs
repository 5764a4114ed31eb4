//! Manage cards and invoices on the provider's page.

use kernel::id::TenantId;

use super::BillingError;
use super::checkout::return_path;
use super::customer::{ensure_customer, forget, is_gone};
use crate::platform::Landlord;

/// The address of a page for this one visit. Whoever has it is let in, so it is told to owners alone.
pub async fn portal(landlord: &Landlord, tenant: TenantId, path: Option<&str>) -> Result<String, BillingError> {
    let back = format!("{}{}", landlord.settings.platform_url(), return_path(path)?);
    let configuration = landlord.settings.billing.portal_configuration.as_deref();
    let customer = ensure_customer(landlord, tenant).await?;
    match landlord.stripe.create_portal(&customer, &back, configuration).await {
        Err(error) if is_gone(&error) => {
            forget(landlord, tenant, &customer).await?;
            let customer = ensure_customer(landlord, tenant).await?;
            Ok(landlord.stripe.create_portal(&customer, &back, configuration).await?)
        }
        page => Ok(page?),
    }
}
