//! Ask the provider how a store's subscription stands, and carry it over.

use kernel::db::retrying;
use kernel::id::TenantId;
use kernel::origin::Origin;
use serde_json::json;
use stripe_gateway::billing::Subscription;

use super::{BillingError, customer, db};
use crate::audit::{self, Act};
use crate::invoices;
use crate::platform::Landlord;
use crate::subscriptions::{self, Applied, pick};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The store is no customer.
    NoCustomer,
    /// This became of the answer.
    Answered(Applied),
}

impl Refreshed {
    /// Did it differ from what we had?
    pub fn changed(&self) -> bool {
        matches!(self, Self::Answered(Applied::Changed(_)))
    }
}

/// Asks for all that the store has, and carries it over. What was subscribed twice is ended, and its money credited.
pub async fn refresh(landlord: &Landlord, origin: &Origin, tenant: TenantId) -> Result<Refreshed, BillingError> {
    let mut tx = landlord.db.begin().await?;
    let stripe_customer = db::customer(&mut tx, tenant).await?;
    let number = match &stripe_customer {
        Some(_) => subscriptions::ask(&mut tx, tenant).await?,
        None => None,
    };
    tx.commit().await?;
    let (Some(stripe_customer), Some(number)) = (stripe_customer, number) else { return Ok(Refreshed::NoCustomer) };

    let all = match landlord.stripe.subscriptions_of(&stripe_customer).await {
        Ok(all) => all,
        Err(error) if customer::is_gone(&error) => {
            customer::forget(landlord, tenant, &stripe_customer).await?;
            return Ok(Refreshed::NoCustomer);
        }
        Err(error) => return Err(error.into()),
    };
    let now = landlord.clock.now();
    let (applied, followed) = retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let applied = subscriptions::apply(&mut tx, origin, tenant, number, &all, now).await?;
        let followed = subscriptions::read(&mut tx, tenant).await?.and_then(|kept| kept.stripe_subscription);
        tx.commit().await?;
        Ok::<_, sqlx::Error>((applied, followed))
    })
    .await?;
    for extra in pick(followed.as_deref(), &all).extra {
        end_extra(landlord, origin, tenant, extra).await?;
    }
    Ok(Refreshed::Answered(applied))
}

/// Somebody subscribed twice, on two pages at once. The newer one is ended and credited, so that nothing is paid twice.
async fn end_extra(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    extra: &Subscription,
) -> Result<(), BillingError> {
    tracing::error!(event = "billing.subscribed_twice", %tenant, subscription = extra.id, "a store is subscribed twice; the newer one is ended and credited");
    landlord.stripe.cancel_now(&extra.id, true, &format!("souk-extra-{}", extra.id)).await?;
    let mut tx = landlord.db.begin().await?;
    let data = json!({"subscription": extra.id});
    let act = Act { action: "subscription.extra_ended", tenant: Some(tenant), account: None, data };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}

/// Compares a store that was not heard of for long with the provider, invoices and all, and repairs what differs.
pub async fn reconcile(landlord: &Landlord, origin: &Origin, tenant: TenantId) -> Result<bool, BillingError> {
    let refreshed = refresh(landlord, origin, tenant).await?;
    let mut tx = landlord.db.begin().await?;
    let stripe_customer = db::customer(&mut tx, tenant).await?;
    let number = subscriptions::ask(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    tx.commit().await?;
    let mut changed = refreshed.changed();
    if let Some(stripe_customer) = stripe_customer {
        let found = landlord.stripe.invoices_of(&stripe_customer, 20).await?;
        let now = landlord.clock.now();
        let mut tx = landlord.db.begin().await?;
        for invoice in &found {
            changed |= invoices::mirror(&mut tx, origin, tenant, invoice, number, now).await?;
        }
        tx.commit().await?;
    }
    if changed {
        tracing::warn!(event = "billing.reconciled", %tenant, "a store's subscription differed from the provider's; it is repaired");
        let mut tx = landlord.db.begin().await?;
        let act = Act { action: "subscription.reconciled", tenant: Some(tenant), account: None, data: json!({}) };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
    }
    Ok(changed)
}
