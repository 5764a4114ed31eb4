//! The store as a customer at the provider.

use kernel::id::TenantId;
use stripe_gateway::GatewayError;
use stripe_gateway::billing::NewCustomer;

use super::{BillingError, db};
use crate::platform::Landlord;

/// The store's customer, made now if it has none. Two who make it at once make one: they use the same key. A key is
/// remembered over there for a day; a customer made twice after that is an empty name, and the first answer counts.
pub(super) async fn ensure_customer(landlord: &Landlord, tenant: TenantId) -> Result<String, BillingError> {
    let mut tx = landlord.db.begin().await?;
    let wanted = db::want_customer(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    tx.commit().await?;
    if let Some(customer) = wanted.stripe_customer {
        return Ok(customer);
    }
    let new = NewCustomer {
        idempotency_key: format!("souk-customer-{tenant}-{}", wanted.generation),
        email: wanted.email,
        name: wanted.name,
        metadata: vec![("souk_tenant".to_owned(), tenant.to_string())],
    };
    let customer = landlord.stripe.create_customer(new).await?;
    let mut tx = landlord.db.begin().await?;
    db::set_customer(&mut tx, tenant, wanted.generation, &customer).await?;
    let customer = db::customer(&mut tx, tenant).await?.ok_or(BillingError::InProgress)?;
    tx.commit().await?;
    Ok(customer)
}

/// Did the provider say that there is no such customer?
pub(super) fn is_gone(error: &GatewayError) -> bool {
    match error {
        GatewayError::Rejected { status, code, message } => {
            *status == 404 || (code == "resource_missing" && message.to_ascii_lowercase().contains("customer"))
        }
        GatewayError::Declined { .. } | GatewayError::Unknown { .. } | GatewayError::Unavailable { .. } => false,
    }
}

/// Forgets a customer that is gone over there.
pub(super) async fn forget(landlord: &Landlord, tenant: TenantId, customer: &str) -> sqlx::Result<()> {
    let mut tx = landlord.db.begin().await?;
    if db::forget_customer(&mut tx, tenant, customer).await? {
        tracing::warn!(%tenant, customer, "the store's customer is gone at the provider; another is made when needed");
    }
    tx.commit().await
}
