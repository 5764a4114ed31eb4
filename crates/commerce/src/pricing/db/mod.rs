//! The SQL of prices.

pub(super) mod promotions;
pub(super) mod redemptions;
pub(super) mod rules;
pub(super) mod shipping_methods;
pub(super) mod tax_rates;
