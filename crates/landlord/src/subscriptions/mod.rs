//! Subscriptions: what a tenant pays for, and whether it is open for business.
//!
//! Owns the table `subscriptions`.

mod change_plan;
mod db;
mod guard;
mod start;
mod status;

pub use change_plan::{ChangePlanError, change_plan};
pub use guard::{Errand, Standing, judge, let_through};
pub use start::start;
pub use status::SubscriptionStatus;
