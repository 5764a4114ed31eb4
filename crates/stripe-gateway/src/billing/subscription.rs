//! Subscriptions.

use std::collections::{BTreeMap, HashMap};

use stripe_billing::subscription::{
    CancelSubscription, ListSubscription, ListSubscriptionStatus, UpdateSubscription, UpdateSubscriptionItems,
    UpdateSubscriptionPaymentBehavior, UpdateSubscriptionProrationBehavior,
};
use stripe_shared::SubscriptionStatus;

use crate::retry::{Call, checked_id};
use crate::{GatewayError, StripeGateway};

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum SubscriptionState {
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Canceled,
    Incomplete,
    IncompleteExpired,
    Paused,
}

/// One price that is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionItem {
    /// `si_…`
    pub id: String,
    /// `price_…`
    pub price: String,
    /// The name that we gave the price.
    pub lookup_key: Option<String>,
    /// Unix seconds.
    pub period_start: i64,
    /// Unix seconds.
    pub period_end: i64,
}

/// What we keep of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// `sub_…`
    pub id: String,
    /// `cus_…`
    pub customer: String,
    /// Where it stands.
    pub state: SubscriptionState,
    /// What is subscribed to.
    pub items: Vec<SubscriptionItem>,
    /// When it is going to end; Unix seconds.
    pub cancel_at: Option<i64>,
    /// Does it end with the period?
    pub cancel_at_period_end: bool,
    /// When somebody last asked for its end; Unix seconds.
    pub canceled_at: Option<i64>,
    /// When it ended; Unix seconds.
    pub ended_at: Option<i64>,
    /// When its trial ends or ended; Unix seconds.
    pub trial_end: Option<i64>,
    /// Our own names on it.
    pub metadata: BTreeMap<String, String>,
    /// Unix seconds.
    pub created: i64,
    /// Whether real money moves.
    pub livemode: bool,
}

/// What becomes of the rest of a period when the price changes within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proration {
    /// The difference is charged at once; when that fails, nothing changes.
    ChargeNow,
    /// What is left over becomes a credit; what is owed stands on an invoice of its own.
    InvoiceNow,
    /// The new price begins with the next period.
    Nothing,
}

/// Another price for a subscription.
#[derive(Debug, Clone)]
pub struct ChangePrice {
    /// The same key never changes it twice.
    pub idempotency_key: String,
    /// `sub_…`
    pub subscription: String,
    /// The item of the old price.
    pub item: String,
    /// The new price.
    pub price: String,
    /// Other items that go, and other prices that come: those of what is counted.
    pub other: Vec<OtherItem>,
    /// What becomes of the rest of the period.
    pub proration: Proration,
    /// Our own names on it; an empty value takes one off.
    pub metadata: Vec<(String, String)>,
}

/// An item beside that of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherItem {
    /// `si_…` goes.
    Remove(String),
    /// `price_…` comes.
    Add(String),
}

fn state(status: &SubscriptionStatus) -> Result<SubscriptionState, GatewayError> {
    Ok(match status {
        SubscriptionStatus::Trialing => SubscriptionState::Trialing,
        SubscriptionStatus::Active => SubscriptionState::Active,
        SubscriptionStatus::PastDue => SubscriptionState::PastDue,
        SubscriptionStatus::Unpaid => SubscriptionState::Unpaid,
        SubscriptionStatus::Canceled => SubscriptionState::Canceled,
        SubscriptionStatus::Incomplete => SubscriptionState::Incomplete,
        SubscriptionStatus::IncompleteExpired => SubscriptionState::IncompleteExpired,
        SubscriptionStatus::Paused => SubscriptionState::Paused,
        SubscriptionStatus::Unknown(word) => {
            return Err(GatewayError::unknown(format!("the subscription has the unheard-of status {word:?}")));
        }
        _ => return Err(GatewayError::unknown("the subscription has an unheard-of status")),
    })
}

impl TryFrom<stripe_shared::Subscription> for Subscription {
    type Error = GatewayError;

    fn try_from(subscription: stripe_shared::Subscription) -> Result<Self, GatewayError> {
        let items = subscription.items.data.into_iter().map(|item| SubscriptionItem {
            id: item.id.to_string(),
            price: item.price.id.to_string(),
            lookup_key: item.price.lookup_key,
            period_start: item.current_period_start,
            period_end: item.current_period_end,
        });
        Ok(Self {
            state: state(&subscription.status)?,
            items: items.collect(),
            id: subscription.id.to_string(),
            customer: subscription.customer.into_id().to_string(),
            cancel_at: subscription.cancel_at,
            cancel_at_period_end: subscription.cancel_at_period_end,
            canceled_at: subscription.canceled_at,
            ended_at: subscription.ended_at,
            trial_end: subscription.trial_end,
            metadata: subscription.metadata.into_iter().collect(),
            created: subscription.created,
            livemode: subscription.livemode,
        })
    }
}

impl StripeGateway {
    /// All subscriptions that a customer has or had, the newest first.
    ///
    /// # Errors
    /// `Rejected` when there is no such customer.
    pub async fn subscriptions_of(&self, customer: &str) -> Result<Vec<Subscription>, GatewayError> {
        let customer = checked_id(customer)?;
        let mut found: Vec<Subscription> = Vec::new();
        loop {
            let mut request = ListSubscription::new().customer(customer).status(ListSubscriptionStatus::All).limit(100);
            if let Some(last) = found.last() {
                request = request.starting_after(last.id.clone());
            }
            let page = self.send(&request, Call { key: None, account: None }).await?;
            for subscription in page.data {
                found.push(Subscription::try_from(subscription)?);
            }
            if !page.has_more {
                return Ok(found);
            }
        }
    }

    /// Changes the price of a subscription.
    ///
    /// # Errors
    /// `Declined` when the difference was to be charged and could not be: then nothing has changed.
    pub async fn change_price(&self, change: ChangePrice) -> Result<Subscription, GatewayError> {
        let mut plan = UpdateSubscriptionItems::new();
        plan.id = Some(checked_id(&change.item)?.to_owned());
        plan.price = Some(checked_id(&change.price)?.to_owned());
        plan.quantity = Some(1);
        let mut items = vec![plan];
        for other in &change.other {
            let mut item = UpdateSubscriptionItems::new();
            match other {
                OtherItem::Remove(id) => {
                    item.id = Some(checked_id(id)?.to_owned());
                    item.deleted = Some(true);
                }
                OtherItem::Add(price) => item.price = Some(checked_id(price)?.to_owned()),
            }
            items.push(item);
        }
        let mut request = UpdateSubscription::new(checked_id(&change.subscription)?).items(items);
        request = match change.proration {
            Proration::ChargeNow => request
                .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice)
                .payment_behavior(UpdateSubscriptionPaymentBehavior::ErrorIfIncomplete),
            Proration::InvoiceNow => request.proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice),
            Proration::Nothing => request.proration_behavior(UpdateSubscriptionProrationBehavior::None),
        };
        if !change.metadata.is_empty() {
            request = request.metadata(change.metadata.into_iter().collect::<HashMap<_, _>>());
        }
        self.send(&request, Call { key: Some(&change.idempotency_key), account: None }).await?.try_into()
    }

    /// Has a subscription end with its period, or not.
    ///
    /// # Errors
    /// `Rejected` when it has ended already.
    pub async fn cancel_at_period_end(
        &self,
        id: &str,
        yes: bool,
        idempotency_key: &str,
    ) -> Result<Subscription, GatewayError> {
        let request = UpdateSubscription::new(checked_id(id)?).cancel_at_period_end(yes);
        self.send(&request, Call { key: Some(idempotency_key), account: None }).await?.try_into()
    }

    /// Ends a subscription at once. With `credit`, what is left of the period becomes a credit of the customer's.
    ///
    /// # Errors
    /// `Rejected` when it has ended already.
    pub async fn cancel_now(
        &self,
        id: &str,
        credit: bool,
        idempotency_key: &str,
    ) -> Result<Subscription, GatewayError> {
        let request = CancelSubscription::new(checked_id(id)?).prorate(credit).invoice_now(credit);
        self.send(&request, Call { key: Some(idempotency_key), account: None }).await?.try_into()
    }
}
