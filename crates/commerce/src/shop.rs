//! The store a request or a job is for. It is an argument everywhere; there is no current tenant.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kernel::clock::Clock;
use kernel::db::TenantDb;
use kernel::entitlements::Entitlements;
use kernel::id::TenantId;
use kernel::money::Currency;
use kernel::origin::Origin;
use kernel::percent::Percent;
use kernel::problem::Problem;
use kernel::secret::Possession;
use stripe_gateway::StripeGateway;

/// One tenant as commerce sees it: its database, and what it may use.
#[derive(Clone)]
pub struct Shop {
    /// Which tenant.
    pub id: TenantId,
    /// Its name on the platform.
    pub slug: Arc<str>,
    /// What its prices are in.
    pub currency: Currency,
    /// Its own schema.
    pub db: TenantDb,
    /// The time.
    pub clock: Clock,
    /// The way to Stripe.
    pub stripe: StripeGateway,
    /// Makes and checks the secrets of carts and orders.
    pub possession: Possession,
    /// What its plan allows.
    pub entitlements: Arc<Entitlements>,
    /// What the platform sets for all stores.
    pub platform: Arc<Platform>,
    /// Checkouts that wait to share a transaction.
    pub checkouts: Arc<crate::checkout::Queue>,
    /// Its jobs, in the table that all stores share.
    pub jobs: crate::jobs::TenantJobs,
    /// The rules of its prices, as this process knows them.
    pub rules: Arc<crate::pricing::RulesCache>,
    /// Variants that this process remembers.
    pub shelf: Arc<crate::catalog::Shelf>,
    /// Who acts, through which request.
    pub origin: Origin,
}

/// What the platform sets for all stores.
#[derive(Debug, Clone)]
pub struct Platform {
    /// How long a checkout holds stock when the store does not say.
    pub checkout_ttl: Duration,
    /// The longest that a store may say.
    pub checkout_max_ttl: Duration,
    /// Secrets that payment webhooks are signed with; several while one is being replaced.
    pub webhook_secrets: Vec<String>,
    /// Is this the provider's live mode? Messages from the other mode never pay an order.
    pub livemode: bool,
    /// What a browser needs to confirm a payment.
    pub publishable_key: String,
    /// How long things are kept.
    pub retention: Retention,
    /// The part of a payment to a connected account that is the platform's.
    pub application_fee: Percent,
    /// Which orders wait for a person's word when the store does not say.
    pub review: ReviewDefaults,
    /// What may be refunded without a second person when the store does not say.
    pub refunds: RefundDefaults,
    /// Is every phase of a checkout written to the log?
    pub log_phases: bool,
}

/// What staff may refund without a second person, in whole units of the store's currency; `None`: anything.
#[derive(Debug, Clone, Copy)]
pub struct RefundDefaults {
    /// Support.
    pub support_up_to: Option<u32>,
    /// Managers.
    pub manager_up_to: Option<u32>,
}

/// Which orders wait for a person's word when the store does not say. 0 of what is counted: never.
#[derive(Debug, Clone, Copy)]
pub struct ReviewDefaults {
    /// Cash on delivery above so many whole units of the store's currency.
    pub cod_above: u32,
    /// Any order above so many.
    pub order_above: u32,
    /// Of a customer with so many orders that are not sure yet.
    pub pending_orders: u32,
    /// Of a customer with so many within an hour.
    pub hourly_orders: u32,
    /// The same again within so many minutes.
    pub duplicate_minutes: u32,
    /// After so many hours an order that waits for a word is rejected by itself.
    pub hold_hours: u32,
}

/// For how many days things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Events of what is at rest, before they are put away into a snapshot.
    pub event_days: i32,
    /// Events of refunds.
    pub refund_event_days: i32,
    /// Movements of stock, before they are added up into one.
    pub movement_days: i32,
    /// What the provider sent.
    pub provider_event_days: i32,
    /// Ids of what the provider sent, to know it again.
    pub provider_event_id_days: i32,
}

impl Shop {
    /// The same store, for work that belongs to what has this correlation.
    pub fn correlated(&self, correlation_id: Option<String>) -> Self {
        Self { origin: self.origin.clone().correlated(correlation_id), ..self.clone() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Shop {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Shop>().cloned().ok_or_else(|| Problem::internal("no shop in this request"))
    }
}
