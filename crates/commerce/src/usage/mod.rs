//! How much of a limited feature a store has used: counted in the transaction that uses it, so the limit holds exactly
//! however many try at once.
//!
//! Counted for every store, limited or not: a store that changes its plan knows where it stands.
//!
//! Owns the table `usage_counters`. Orders of the month are counted in `store_state`, where their number comes from.

mod db;
mod error;
mod take;

pub use error::LimitReached;
pub use take::{MonthlyOrders, give_back, take};

/// Products that are not deleted.
pub const MAX_PRODUCTS: &str = "max_products";
/// Orders created in a calendar month (UTC).
pub const MAX_ORDERS_PER_MONTH: &str = "max_orders_per_month";
