//! End a subscription with what is paid for, and think better of it.

use kernel::id::TenantId;
use kernel::idempotency::Answer;
use kernel::origin::Origin;
use stripe_gateway::GatewayError;
use uuid::Uuid;

use super::change::answer;
use super::{BillingError, refresh};
use crate::idempotency::{self, Held};
use crate::platform::Landlord;
use crate::subscriptions;

/// Has the subscription end with its period: what is paid for is had until then.
pub async fn cancel(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    held: Held,
    subject: Option<Uuid>,
) -> Result<Answer, BillingError> {
    set(landlord, origin, tenant, true, held, subject).await
}

/// Has it go on after all.
pub async fn resume(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    held: Held,
    subject: Option<Uuid>,
) -> Result<Answer, BillingError> {
    set(landlord, origin, tenant, false, held, subject).await
}

async fn set(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    end: bool,
    held: Held,
    subject: Option<Uuid>,
) -> Result<Answer, BillingError> {
    let act = subject.unwrap_or_else(Uuid::now_v7);
    let mut tx = landlord.db.begin().await?;
    let kept = subscriptions::lock(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    let subscription = kept.stripe_subscription.clone().filter(|_| kept.is_subscribed());
    let subscription = subscription.ok_or(BillingError::NoSubscription)?;
    if kept.cancel_at.is_some() == end {
        // An earlier attempt got this far.
        if subject.is_some() {
            return answer(landlord, tx, tenant, &held).await;
        }
        return Err(if end { BillingError::AlreadyEnding } else { BillingError::NotEnding });
    }
    if subject.is_none() && !idempotency::attach(&mut tx, &held, act).await? {
        return Err(BillingError::InProgress);
    }
    tx.commit().await?;

    let key = format!("souk-cancel-{act}");
    let changed = match landlord.stripe.cancel_at_period_end(&subscription, end, &key).await {
        Ok(changed) => changed,
        // It has ended in the meantime: then there is nothing to end or to go on with.
        Err(GatewayError::Rejected { status: 400 | 404, .. }) => {
            refresh(landlord, origin, tenant).await?;
            return Err(BillingError::NoSubscription);
        }
        Err(error) => return Err(error.into()),
    };
    let mut tx = landlord.db.begin().await?;
    let number = subscriptions::ask(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    subscriptions::apply(&mut tx, origin, tenant, number, &[changed], landlord.clock.now()).await?;
    answer(landlord, tx, tenant, &held).await
}
