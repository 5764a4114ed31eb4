//! The HTTP face of the catalogue.

mod categories;
mod products;
mod shoppers;
mod variants;

use utoipa_axum::router::OpenApiRouter;

/// The routes for people in the shop.
pub fn shopper_routes() -> OpenApiRouter {
    shoppers::routes()
}

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    products::routes().merge(variants::routes()).merge(categories::routes())
}
