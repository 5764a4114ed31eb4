//! The HTTP face of prices.

mod promotions;
mod shipping_methods;
mod tax_rates;

use utoipa_axum::router::OpenApiRouter;

/// The routes for staff.
pub fn staff_routes() -> OpenApiRouter {
    promotions::routes().merge(shipping_methods::routes()).merge(tax_rates::routes())
}
