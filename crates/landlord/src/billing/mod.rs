//! Billing.
pub mod letters;
