//! What a tenant is.

use chrono::{DateTime, Utc};
use kernel::id::TenantId;
use kernel::money::Currency;
use serde::{Deserialize, Serialize};

use super::TenantState;
use crate::accounts::{AccountView, Tokens};
use crate::dunning::Stage;
use crate::subscriptions::SubscriptionStatus;

/// A store whose schema is to be made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTenant {
    /// Names the schema.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What its prices are in.
    pub currency: Currency,
    /// The database it goes to.
    pub cluster: String,
    /// Was its schema ready before it was asked for? When not known, it is said not to be.
    pub spare: bool,
}

/// The store behind a host name: everything a request needs to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Which tenant.
    pub tenant: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What its prices are in.
    pub currency: Currency,
    /// How far it has got.
    pub state: TenantState,
    /// The database it is in.
    pub cluster: String,
    /// On its way to another: it is read and not written.
    pub moving: bool,
    /// The newest migration in its schema, as it was last seen.
    pub schema_version: Option<i64>,
    /// Grows with every change of all this and of its entitlements.
    pub version: i64,
    /// Whether it pays.
    pub subscription_status: SubscriptionStatus,
    /// When a trial ends.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// How far down its ladder it is, when it is behind with paying.
    pub behind: Option<Stage>,
    /// Code of its plan.
    pub plan: String,
}

/// A tenant as its owner sees it in answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TenantView {
    /// Its id.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// How far it has got.
    pub status: TenantState,
    /// Its address.
    pub url: String,
}

/// The answer to a sign-up.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct SignedUp {
    /// Who.
    pub account: AccountView,
    /// Their store.
    pub tenant: TenantView,
    /// Their tokens.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// A store in which an account has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StoreView {
    /// The store.
    #[serde(flatten)]
    pub tenant: TenantView,
    /// What the account is there.
    pub role: String,
    /// Code of its plan.
    pub plan: String,
    /// Whether it pays.
    pub subscription_status: SubscriptionStatus,
    /// When a trial ends.
    pub trial_ends_at: Option<DateTime<Utc>>,
}

/// A tenant as the platform lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// How far it has got.
    pub state: TenantState,
    /// What its prices are in.
    pub currency: String,
    /// The database it is in.
    pub cluster: String,
    /// Code of its plan.
    pub plan: String,
    /// Whether it pays.
    pub subscription_status: SubscriptionStatus,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
}
