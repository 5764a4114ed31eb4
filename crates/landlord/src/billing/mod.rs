//! The platform's own billing: how stores subscribe, change, pay and leave, with Stripe behind it.
//!
//! ```text
//! merchant ──> checkout, portal, change, cancel, resume ──> Stripe
//!                                                             │ webhooks
//! stripe_events <── receive: kept raw, first <────────────────┘
//!      └──> process ──> refresh: ask Stripe for all of it ──> subscriptions::apply, invoices::mirror
//! worker: what is still open · trials · ladders · pages that ran out · what was not heard of for a day · usage
//! ```
//!
//! A webhook only says where to look. What it says is asked of Stripe anew each time, so order, repetition and loss do
//! not matter, and neither does the version that shaped it.
//!
//! Owns the tables `billing_customers` and `billing_checkouts`.

mod access;
mod cancel;
mod change;
mod checkout;
mod customer;
mod db;
mod decide;
mod error;
pub mod http;
pub mod letters;
mod portal;
mod preview;
mod process;
mod receive;
mod refresh;
mod settings;
mod view;
mod work;

pub use cancel::{cancel, resume};
pub use change::{ChangePlan, change_plan};
pub use checkout::{Subscribe, SubscribePage, subscribe};
pub use decide::When;
pub use error::BillingError;
pub use portal::portal;
pub use preview::{ChangeLine, ChangePreview, preview};
pub use process::replay;
pub use receive::receive;
pub use refresh::{Refreshed, reconcile, refresh};
pub use settings::BillingSettings;
pub use view::{BillingView, view};
pub use work::{Worked, work};
