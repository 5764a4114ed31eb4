//! Pages at Stripe: one on which somebody subscribes, one on which they manage what they have.

use std::fmt;

use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    ExpireCheckoutSession, RetrieveCheckoutSession,
};
use stripe_shared::{CheckoutSession, CheckoutSessionMode, CheckoutSessionStatus};

use super::catalog::named;
use crate::retry::{Call, checked_id};
use crate::{GatewayError, StripeGateway};

/// A page on which somebody subscribes.
#[derive(Debug, Clone)]
pub struct NewCheckout {
    /// The same key never makes a second page.
    pub idempotency_key: String,
    /// Who.
    pub customer: String,
    /// The plan's price.
    pub price: String,
    /// Prices of what is counted.
    pub metered: Vec<String>,
    /// Until then nothing is charged; Unix seconds, 48 hours ahead at least.
    pub trial_end: Option<i64>,
    /// Where the browser goes when it is done.
    pub success_url: String,
    /// Where the browser goes when it is not.
    pub cancel_url: String,
    /// Our own name for it.
    pub reference: String,
    /// Our own names on the subscription that comes of it.
    pub metadata: Vec<(String, String)>,
}

/// Where a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Stripe names them")]
pub enum SessionState {
    Open,
    Complete,
    Expired,
}

/// A page that exists. `Debug` does not show the address, which lets whoever has it subscribe.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckoutPage {
    /// `cs_…`
    pub id: String,
    /// Where it is; only while it is open.
    pub url: Option<String>,
    /// Where it stands.
    pub state: SessionState,
    /// Unix seconds.
    pub expires_at: i64,
    /// What came of it.
    pub subscription: Option<String>,
}

impl fmt::Debug for CheckoutPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, state, expires_at, subscription, url: _ } = self;
        f.debug_struct("CheckoutPage")
            .field("id", id)
            .field("state", state)
            .field("expires_at", expires_at)
            .field("subscription", subscription)
            .finish_non_exhaustive()
    }
}

impl From<CheckoutSession> for CheckoutPage {
    fn from(session: CheckoutSession) -> Self {
        Self {
            id: session.id.to_string(),
            url: session.url,
            state: match session.status {
                Some(CheckoutSessionStatus::Complete) => SessionState::Complete,
                Some(CheckoutSessionStatus::Expired) => SessionState::Expired,
                Some(CheckoutSessionStatus::Open | CheckoutSessionStatus::Unknown(_)) | None => SessionState::Open,
                Some(_) => SessionState::Open,
            },
            expires_at: session.expires_at,
            subscription: session.subscription.map(|subscription| subscription.into_id().to_string()),
        }
    }
}

impl StripeGateway {
    /// Makes a page on which a customer subscribes.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn create_checkout(&self, new: NewCheckout) -> Result<CheckoutPage, GatewayError> {
        let mut plan = CreateCheckoutSessionLineItems::new();
        plan.price = Some(checked_id(&new.price)?.to_owned());
        plan.quantity = Some(1);
        let mut items = vec![plan];
        for price in &new.metered {
            let mut item = CreateCheckoutSessionLineItems::new();
            item.price = Some(checked_id(price)?.to_owned());
            items.push(item);
        }
        let mut data = CreateCheckoutSessionSubscriptionData::new();
        data.metadata = Some(named(new.metadata.clone()));
        data.trial_end = new.trial_end;
        let request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .customer(checked_id(&new.customer)?)
            .client_reference_id(new.reference)
            .line_items(items)
            .metadata(named(new.metadata))
            .subscription_data(data)
            .success_url(new.success_url)
            .cancel_url(new.cancel_url);
        Ok(self.send(&request, Call { key: Some(&new.idempotency_key), account: None }).await?.into())
    }

    /// Reads a page.
    ///
    /// # Errors
    /// `Rejected` with status 404 when there is none.
    pub async fn checkout(&self, id: &str) -> Result<CheckoutPage, GatewayError> {
        let request = RetrieveCheckoutSession::new(checked_id(id)?);
        Ok(self.send(&request, Call { key: None, account: None }).await?.into())
    }

    /// Closes a page, so that nobody can subscribe on it any more.
    ///
    /// # Errors
    /// `Rejected` when it is not open.
    pub async fn expire_checkout(&self, id: &str) -> Result<CheckoutPage, GatewayError> {
        let request = ExpireCheckoutSession::new(checked_id(id)?);
        Ok(self.send(&request, Call { key: None, account: None }).await?.into())
    }

    /// Makes a page on which a customer manages cards and invoices; its address, which opens it to whoever has it.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn create_portal(
        &self,
        customer: &str,
        return_url: &str,
        configuration: Option<&str>,
    ) -> Result<String, GatewayError> {
        let mut request = CreateBillingPortalSession::new().customer(checked_id(customer)?).return_url(return_url);
        if let Some(configuration) = configuration {
            request = request.configuration(checked_id(configuration)?);
        }
        Ok(self.send(&request, Call { key: None, account: None }).await?.url)
    }
}
