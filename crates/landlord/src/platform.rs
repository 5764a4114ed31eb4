//! The platform as a value that is passed around: its database, its keys, its settings. There is no global state.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kernel::clock::Clock;
use kernel::db::LandlordDb;
use kernel::problem::Problem;
use stripe_gateway::StripeGateway;

use crate::accounts::{Hasher, Throttle, TokenKeys};
use crate::billing::BillingSettings;
use crate::mails::Mailer;
use crate::tenants::NewTenant;

/// What comes of provisioning.
pub type Provisioned = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send + 'static>>;

/// Makes a new store's schema ready. May be called again for the same tenant, after a crash at any point.
pub type Provision = Arc<dyn Fn(NewTenant) -> Provisioned + Send + Sync>;

/// The platform.
#[derive(Clone)]
pub struct Landlord {
    /// Its database.
    pub db: LandlordDb,
    /// The time.
    pub clock: Clock,
    /// Signs and checks tokens.
    pub keys: TokenKeys,
    /// Hashes passwords, few at once.
    pub hasher: Hasher,
    /// Slows down whoever guesses passwords.
    pub throttle: Throttle,
    /// Sends letters.
    pub mailer: Mailer,
    /// The way to the payment provider.
    pub stripe: StripeGateway,
    /// What can be set.
    pub settings: Arc<LandlordSettings>,
    /// Makes a new store's schema ready.
    pub provision: Provision,
}

/// What can be set.
#[derive(Debug, Clone)]
pub struct LandlordSettings {
    /// The platform's name for people.
    pub platform_name: String,
    /// The platform's own host.
    pub platform_host: String,
    /// A store's host is its slug, a dot and this.
    pub store_domain: String,
    /// `http` or `https`.
    pub public_scheme: String,
    /// The port in the addresses of stores, if it is not the usual one.
    pub public_port: Option<u16>,
    /// How long a new store is free, when its plan does not say.
    pub trial_days: u32,
    /// How long an access token lives.
    pub access_minutes: u32,
    /// How long a refresh token lives.
    pub refresh_days: u32,
    /// How long a session lives, however often it is refreshed.
    pub refresh_absolute_days: u32,
    /// How long a platform admin's session lives.
    pub admin_session_hours: u32,
    /// How many passwords are hashed at once.
    pub max_hashes: usize,
    /// The clusters that this process can reach: new stores go to one of them.
    pub clusters: Vec<String>,
    /// The newest tenant migration: a spare schema must have it.
    pub tenant_version: i64,
    /// About the platform's own billing.
    pub billing: BillingSettings,
}

impl Landlord {
    /// The platform, with keys made from `auth_secret`.
    pub fn new(
        db: LandlordDb,
        clock: Clock,
        auth_secret: &str,
        mailer: Mailer,
        stripe: StripeGateway,
        settings: LandlordSettings,
        provision: Provision,
    ) -> Self {
        Self {
            db,
            clock,
            keys: TokenKeys::new(auth_secret),
            hasher: Hasher::new(settings.max_hashes),
            throttle: Throttle::default(),
            mailer,
            stripe,
            settings: Arc::new(settings),
            provision,
        }
    }
}

impl LandlordSettings {
    /// The host of the store with this slug.
    pub fn store_host(&self, slug: &str) -> String {
        format!("{slug}.{}", self.store_domain)
    }

    /// The address of the store with this slug, as visitors type it.
    pub fn store_url(&self, slug: &str) -> String {
        self.url_of(&self.store_host(slug))
    }

    /// The address of the platform, as visitors type it. From the settings, whatever a request says its host is.
    pub fn platform_url(&self) -> String {
        self.url_of(&self.platform_host)
    }

    /// The address of a host, with the public scheme and port.
    pub fn url_of(&self, host: &str) -> String {
        let usual = if self.public_scheme == "https" { 443 } else { 80 };
        match self.public_port {
            Some(port) if port != usual => format!("{}://{host}:{port}", self.public_scheme),
            Some(_) | None => format!("{}://{host}", self.public_scheme),
        }
    }
}

impl fmt::Debug for Landlord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Landlord").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Landlord {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Landlord>().cloned().ok_or_else(|| Problem::internal("no landlord in this request"))
    }
}
