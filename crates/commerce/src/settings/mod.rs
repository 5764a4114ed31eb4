//! The store's profile, what is tunable for it, and the one row that serialises whoever changes the catalogue or
//! creates orders. It also counts them by month.
//!
//! Owns the tables `settings` and `store_state`; asks `customers`, with the lock, whether there is any.

mod change;
mod connect;
mod db;
mod error;
pub mod http;
mod model;
mod open;
mod state;

pub use change::{ChangeSettings, change};
pub use connect::connect;
pub use error::SettingsError;
pub use model::{Capture, Settings};
pub use open::{OpenStore, open, read};
pub use state::{StoreState, bump_catalog, bump_pricing, count_orders, lock_store, lock_store_with_settings};
