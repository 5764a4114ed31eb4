//! Everything inside one store's schema: one folder per module.
//!
//! This crate cannot see the landlord: a query against a landlord table does not compile here. Calls between modules
//! go down, news goes up; the allowed arrows are a table in `tests/platform/architecture.rs`.

use utoipa_axum::router::OpenApiRouter;

pub mod access;
pub mod activity;
pub mod carts;
pub mod catalog;
pub mod checkout;
pub mod customers;
pub mod events;
pub mod fulfilment;
pub mod health;
pub mod idempotency;
pub mod inventory;
pub mod jobs;
pub mod orders;
pub mod outbox;
pub mod payments;
pub mod pricing;
pub mod refunds;
pub mod replay;
pub mod reports;
pub mod retention;
pub mod settings;
pub mod shop;
pub mod usage;
pub mod work;

/// The schema of one tenant.
pub static TENANT_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// The oldest schema of a tenant that this program works with; stores with an older one are not served until they are
/// brought up to date. It follows the newest migration by one release, so that stores trade while they wait for their
/// turn: a migration raises it only when the code that relied on what it removed is gone.
pub const OLDEST_TENANT_VERSION: i64 = 20_261_121_101_000;

/// What the tenants of one database share.
pub static CLUSTER_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/cluster");

/// Routes for people in the shop. Need a [`shop::Shop`] in the request's extensions.
pub fn shopper_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(settings::http::shopper_routes())
        .merge(catalog::http::shopper_routes())
        .merge(carts::http::shopper_routes().layer(axum::middleware::from_fn(checkout::edits_call_off)))
        .merge(checkout::http::shopper_routes())
        .merge(checkout::payments_http::shopper_routes())
        .merge(orders::http::shopper_routes())
        .merge(refunds::http::shopper_routes())
}

/// The routes for the payment provider, guarded by its signature alone. Need a [`shop::Shop`] in the request's extensions.
pub fn provider_routes() -> OpenApiRouter {
    checkout::http::provider_routes()
}

/// Routes for staff, under `/api/v1/admin`. Need a [`shop::Shop`] in the request's extensions, and an
/// [`access::StaffIdentity`] for whoever has a role in the store.
pub fn staff_routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(settings::http::staff_routes())
        .merge(catalog::http::staff_routes())
        .merge(inventory::http::staff_routes())
        .merge(customers::http::staff_routes())
        .merge(orders::http::staff_routes())
        .merge(fulfilment::http::staff_routes())
        .merge(payments::http::staff_routes())
        .merge(pricing::http::staff_routes())
        .merge(refunds::http::staff_routes())
        .merge(checkout::http::staff_routes())
        .merge(checkout::payments_http::staff_routes())
        .merge(events::http::staff_routes())
        .merge(reports::http::staff_routes())
        .merge(jobs::http::staff_routes())
        .merge(activity::http::staff_routes())
        .merge(health::http::staff_routes())
}
