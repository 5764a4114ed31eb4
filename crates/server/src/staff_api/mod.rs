//! Routes on a store's host about who may work there. What they change is the platform's, and who may change it is the
//! store's: so they stand here, where both are known. Owns no table.

mod invitations;
mod keys;
mod members;

use utoipa_axum::router::OpenApiRouter;

/// The routes. Need what the store's other routes for staff need, and a [`landlord::Landlord`].
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new().merge(members::routes()).merge(invitations::routes()).merge(keys::routes())
}
