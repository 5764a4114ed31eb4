//! The SQL of prices.

pub(super) mod redemptions;
pub(super) mod rules;
