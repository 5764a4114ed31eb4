//! The platform's own database: who rents a store, under which name, on what plan.
//!
//! This crate cannot see inside a store: a query against a tenant's table does not compile here. What it needs done
//! there, such as making a new store's schema, it is given as a value ([`Provision`]).

use utoipa_axum::router::OpenApiRouter;

pub mod access;
pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod billing;
pub mod changes;
pub mod clusters;
pub mod dunning;
pub mod fleet;
pub mod idempotency;
pub mod invitations;
pub mod invoices;
pub mod mails;
pub mod members;
pub mod metering;
pub mod moves;
pub mod plans;
mod platform;
pub mod spares;
pub mod stripe_events;
pub mod subscriptions;
pub mod tenants;

pub use platform::{Landlord, LandlordSettings, Provision, Provisioned};

/// The landlord's schema.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// The routes of the platform's host. Need a [`Landlord`] and a [`kernel::origin::Origin`] in the request's extensions.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(accounts::http::routes())
        .merge(members::http::routes())
        .merge(invitations::http::routes())
        .merge(tenants::http::routes())
        .merge(plans::http::routes())
        .merge(billing::http::routes())
}

/// The route of the payment provider's messages about the platform's own billing, on the platform's host. Takes larger
/// bodies than the others.
pub fn provider_routes() -> OpenApiRouter {
    billing::http::provider_routes()
}
