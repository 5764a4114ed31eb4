//! Plans, the features they grant, and what a tenant is entitled to: its plan's features, overrides applied.
//!
//! Owns the tables `plans`, `features`, `plan_features`, `feature_overrides`, `plan_prices` and
//! `plan_meter_prices`.

mod db;
mod entitlements;
mod error;
pub mod http;
mod list;
mod model;
mod prices;
mod set_override;
mod sync;

pub use db::Offer;
pub use entitlements::entitlements;
pub use error::OverrideError;
pub use list::{list, on_offer};
pub use model::{FeatureKind, FeatureView, PlanView};
pub use prices::{Interval, Price, price, price_on_offer, priced};
pub use set_override::{Override, clear_override, set_override};
pub use sync::{SyncError, Synced, ensure_price, is_metered_key, meter_name, metered_prices, sync};
