//! The store's profile, what is tunable for it, and the one row that serialises whoever changes the catalogue or
//! creates orders.
//!
//! Owns the tables `settings` and `store_state`.

mod change;
mod db;
mod error;
pub mod http;
mod model;
mod open;
mod state;

pub use change::{ChangeSettings, change};
pub use error::SettingsError;
pub use model::{Capture, Settings};
pub use open::{OpenStore, open, read};
pub use state::{StoreState, advance_order_number, bump_catalog, bump_pricing, lock_store};
