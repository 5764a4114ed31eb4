//! Subscriptions: what a tenant pays for, and whether it is open for business.
//!
//! A subscription is the trial of a store that nobody pays for yet, or the mirror of the provider's, which decides once
//! there is one. See `mirror`.
//!
//! Owns the table `subscriptions`, but for the columns of `dunning`.

mod apply;
mod change_plan;
mod db;
mod due;
mod guard;
mod mirror;
mod model;
mod read;
mod start;
mod status;
mod trial;

pub use apply::{Applied, apply, ask};
pub use change_plan::{ChangePlanError, change_plan};
pub use due::{pending_due, unheard};
pub use guard::{Errand, Standing, judge, let_through};
pub use mirror::{KEEP_PLAN, KEEP_UNTIL, News, Picked, Priced, pick};
pub use model::{Kept, Pending};
pub use read::{lock, read};
pub use start::start;
pub use status::SubscriptionStatus;
pub use trial::{end_trial, trials_ending, trials_over, warned};
