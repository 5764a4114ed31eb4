//! Change the plan.

use axum::http::StatusCode;
use kernel::id::TenantId;
use kernel::idempotency::Answer;
use kernel::origin::Origin;
use serde::{Deserialize, Serialize};
use stripe_gateway::billing::{ChangePrice, OtherItem, Proration, Subscription};
use uuid::Uuid;

use super::decide::{Change, decide};
use super::{BillingError, When, db, view};
use crate::idempotency::{self, Held};
use crate::plans::{self, Interval, Price, is_metered_key};
use crate::platform::Landlord;
use crate::subscriptions::{self, Kept, SubscriptionStatus, pick};

/// Which plan is wanted, and when.
#[derive(Debug, Clone, Serialize, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePlan {
    /// Code of a plan.
    #[garde(length(bytes, max = 64))]
    pub plan: String,
    /// As now when not given.
    #[garde(skip)]
    pub interval: Option<Interval>,
    /// When not given: a bigger plan at once, a smaller one with the next period.
    #[garde(skip)]
    pub when: Option<When>,
}

/// What is there, and what is wanted.
pub(super) struct Wish {
    pub(super) kept: Kept,
    /// What is paid.
    pub(super) paid: Option<Price>,
    pub(super) target: Price,
}

/// Looks at what is there. Locks the subscription.
pub(super) async fn wish(
    tx: &mut kernel::db::LandlordTx,
    tenant: TenantId,
    request: &ChangePlan,
) -> Result<Wish, BillingError> {
    let kept = subscriptions::lock(tx, tenant).await?.ok_or(BillingError::NotFound)?;
    let paid = match kept.price {
        Some(price) => plans::price(tx, price).await?,
        None => None,
    };
    let interval = request.interval.or(paid.as_ref().map(|paid| paid.interval)).unwrap_or(Interval::Month);
    let target = plans::price_on_offer(tx, &request.plan, interval).await?.ok_or(BillingError::UnknownPlan)?;
    Ok(Wish { kept, paid, target })
}

/// Changes the plan of a subscription, or that of a trial, which costs nothing. The answer is the billing as it is
/// then.
pub async fn change_plan(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    request: &ChangePlan,
    held: Held,
    subject: Option<Uuid>,
) -> Result<Answer, BillingError> {
    let act = subject.unwrap_or_else(Uuid::now_v7);
    let mut tx = landlord.db.begin().await?;
    let wish = wish(&mut tx, tenant, request).await?;
    let now = landlord.clock.now();
    let trial = wish.kept.status == SubscriptionStatus::Trialing && wish.kept.stripe_subscription.is_none();
    if trial && wish.kept.trial_ends_at.is_some_and(|end| now < end) {
        if wish.kept.plan == wish.target.plan {
            return Err(BillingError::SamePlan);
        }
        subscriptions::change_plan(&mut tx, origin, tenant, &wish.target.plan).await?;
        return answer(landlord, tx, tenant, &held).await;
    }
    let change = match decide(&wish.kept, wish.paid.as_ref(), &wish.target, request.when) {
        // An earlier attempt got this far, and a message of the provider's was faster than its retry.
        Err(BillingError::SamePlan) if subject.is_some() => return answer(landlord, tx, tenant, &held).await,
        change => change?,
    };
    if subject.is_none() && !idempotency::attach(&mut tx, &held, act).await? {
        return Err(BillingError::InProgress);
    }
    let customer = db::customer(&mut tx, tenant).await?.ok_or(BillingError::NoSubscription)?;
    tx.commit().await?;

    let all = landlord.stripe.subscriptions_of(&customer).await?;
    let found = pick(wish.kept.stripe_subscription.as_deref(), &all).ours.ok_or(BillingError::NoSubscription)?;
    let changed = carry_out(landlord, act, &wish, &change, found).await?;

    let mut tx = landlord.db.begin().await?;
    let number = subscriptions::ask(&mut tx, tenant).await?.ok_or(BillingError::NotFound)?;
    subscriptions::apply(&mut tx, origin, tenant, number, &[changed], landlord.clock.now()).await?;
    answer(landlord, tx, tenant, &held).await
}

/// Two steps when a smaller plan was planned and a third one is wanted: what was paid for is put back first, so that
/// the rest of the period is reckoned from it.
async fn carry_out(
    landlord: &Landlord,
    act: Uuid,
    wish: &Wish,
    change: &Change,
    found: &Subscription,
) -> Result<Subscription, BillingError> {
    let plan_item = found
        .items
        .iter()
        .find(|item| !item.lookup_key.as_deref().is_some_and(is_metered_key))
        .ok_or(BillingError::NoSubscription)?;
    let price = plans::ensure_price(landlord, &wish.target).await?;
    let third = wish.kept.pending.as_ref().filter(|pending| pending.plan != wish.target.plan);
    if third.is_some() && wish.kept.plan != wish.target.plan && change.proration != Proration::Nothing {
        let mut tx = landlord.db.begin().await?;
        let before = plans::price_on_offer(&mut tx, &wish.kept.plan, wish.target.interval).await?;
        tx.commit().await?;
        if let Some(before) = before {
            let restore = ChangePrice {
                idempotency_key: format!("souk-change-{act}-restore"),
                subscription: found.id.clone(),
                item: plan_item.id.clone(),
                price: plans::ensure_price(landlord, &before).await?,
                other: Vec::new(),
                proration: Proration::Nothing,
                metadata: Vec::new(),
            };
            landlord.stripe.change_price(restore).await?;
        }
    }
    let other = counted(landlord, wish, found).await?;
    let request = ChangePrice {
        idempotency_key: format!("souk-change-{act}"),
        subscription: found.id.clone(),
        item: plan_item.id.clone(),
        price,
        other,
        proration: change.proration,
        metadata: change.metadata(),
    };
    Ok(landlord.stripe.change_price(request).await?)
}

/// What is counted goes with the plan.
async fn counted(landlord: &Landlord, wish: &Wish, found: &Subscription) -> Result<Vec<OtherItem>, BillingError> {
    let wanted = plans::metered_prices(landlord, &wish.target.plan, wish.target.interval).await?;
    let counted = found.items.iter().filter(|item| item.lookup_key.as_deref().is_some_and(is_metered_key));
    let mut other: Vec<OtherItem> = counted
        .clone()
        .filter(|item| !wanted.contains(&item.price))
        .map(|item| OtherItem::Remove(item.id.clone()))
        .collect();
    let there: Vec<&String> = counted.map(|item| &item.price).collect();
    other.extend(wanted.iter().filter(|price| !there.contains(price)).cloned().map(OtherItem::Add));
    Ok(other)
}

/// The billing as it is now, stored as the answer in the transaction of the change.
pub(super) async fn answer(
    landlord: &Landlord,
    mut tx: kernel::db::LandlordTx,
    tenant: TenantId,
    held: &Held,
) -> Result<Answer, BillingError> {
    let view = view(&mut tx, tenant, landlord.clock.now()).await?.ok_or(BillingError::NotFound)?;
    let answer = Answer::new(StatusCode::OK, &view)?;
    if !idempotency::finish(&mut tx, held, &answer).await? {
        return Err(BillingError::InProgress);
    }
    tx.commit().await?;
    Ok(answer)
}
