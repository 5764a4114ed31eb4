//! What a change of plan would cost.

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use serde::Serialize;
use stripe_gateway::billing::{PreviewChange as Ask, Proration};

use super::change::wish;
use super::decide::decide;
use super::{BillingError, ChangePlan, When, db};
use crate::plans::{Interval, is_metered_key};
use crate::platform::Landlord;
use crate::subscriptions::{SubscriptionStatus, pick};

/// What a change of plan would do. Nothing is changed by asking.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChangePreview {
    /// The plan that the store has.
    pub from: String,
    /// The plan that it would have.
    pub to: String,
    /// How often it would be paid.
    pub interval: Interval,
    /// What each period would cost.
    pub price_minor: i64,
    /// What in.
    pub currency: String,
    /// When the store would have it.
    pub when: When,
    /// That moment, when it is not now.
    pub at: Option<DateTime<Utc>>,
    /// What would be charged at once; 0 when something is left over.
    pub due_now_minor: i64,
    /// What would be left over, and taken off the next invoices.
    pub credit_minor: i64,
    /// How that comes about: what is given back for the rest of the period, and what the rest of it costs.
    pub lines: Vec<ChangeLine>,
}

/// One line of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChangeLine {
    /// In words.
    pub description: Option<String>,
    /// Negative for what is given back.
    pub amount_minor: i64,
    /// From when.
    pub period_start: Option<DateTime<Utc>>,
    /// Until when.
    pub period_end: Option<DateTime<Utc>>,
}

/// Asks the provider, for what happens at once; what comes with the next period costs nothing now.
pub async fn preview(
    landlord: &Landlord,
    tenant: TenantId,
    request: &ChangePlan,
) -> Result<ChangePreview, BillingError> {
    let mut tx = landlord.db.begin().await?;
    let wish = wish(&mut tx, tenant, request).await?;
    let customer = db::customer(&mut tx, tenant).await?;
    tx.commit().await?;
    let empty = |when, at| ChangePreview {
        from: wish.kept.plan.clone(),
        to: wish.target.plan.clone(),
        interval: wish.target.interval,
        price_minor: wish.target.amount_minor,
        currency: wish.target.currency.clone(),
        when,
        at,
        due_now_minor: 0,
        credit_minor: 0,
        lines: Vec::new(),
    };
    if wish.kept.stripe_subscription.is_none() && wish.kept.status == SubscriptionStatus::Trialing {
        return Ok(empty(When::Now, None));
    }
    let change = decide(&wish.kept, wish.paid.as_ref(), &wish.target, request.when)?;
    if change.proration == Proration::Nothing {
        return Ok(empty(change.when, change.keep.map(|(_, until)| until)));
    }
    let customer = customer.ok_or(BillingError::NoSubscription)?;
    let all = landlord.stripe.subscriptions_of(&customer).await?;
    let found = pick(wish.kept.stripe_subscription.as_deref(), &all).ours.ok_or(BillingError::NoSubscription)?;
    let item = found.items.iter().find(|item| !item.lookup_key.as_deref().is_some_and(is_metered_key));
    let ask = Ask {
        customer,
        subscription: found.id.clone(),
        item: item.ok_or(BillingError::NoSubscription)?.id.clone(),
        price: crate::plans::ensure_price(landlord, &wish.target).await?,
        proration: change.proration,
    };
    let preview = landlord.stripe.preview_change(ask).await?;
    let lines = preview.lines.into_iter().map(|line| ChangeLine {
        description: line.description,
        amount_minor: line.amount_minor,
        period_start: DateTime::from_timestamp(line.period_start, 0),
        period_end: DateTime::from_timestamp(line.period_end, 0),
    });
    Ok(ChangePreview {
        currency: preview.currency,
        due_now_minor: preview.due_minor.max(0),
        credit_minor: preview.total_minor.min(0).saturating_neg(),
        lines: lines.collect(),
        ..empty(change.when, None)
    })
}
