//! Plans, the features they grant, and what a tenant is entitled to: its plan's features, overrides applied.
//!
//! Owns the tables `plans`, `features`, `plan_features` and `feature_overrides`.

mod db;
mod entitlements;
mod error;
pub mod http;
mod list;
mod model;
mod set_override;

pub use db::Offer;
pub use entitlements::entitlements;
pub use error::OverrideError;
pub use list::{list, on_offer};
pub use model::{FeatureKind, FeatureView, PlanView};
pub use set_override::{Override, clear_override, set_override};
