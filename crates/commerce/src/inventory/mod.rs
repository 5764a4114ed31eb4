//! What is in stock, what of it is set aside for orders, and every change of either.
//!
//! A reservation:
//! ```text
//! held ──commit──> committed ──ship──> shipped
//!   └──release─────────┴──> released
//! ```
//!
//! `on_hand >= reserved >= 0`, and the movements of a variant sum up to its level, always. Levels are locked by
//! ascending variant id, after everything else, for they are what concurrent checkouts meet at.
//!
//! Owns the tables `stock_levels`, `stock_reservations` and `stock_movements`; reads SKUs from the catalogue's.

mod adjust;
mod carry_over;
mod commit;
mod db;
mod error;
pub mod http;
mod low_stock;
mod model;
mod open_levels;
mod reclaim;
mod release;
mod reserve;
mod restock;
mod ship;
mod status;
mod write;

pub use adjust::{AdjustStock, adjust};
pub use carry_over::carry_over;
pub use commit::commit;
pub use error::InventoryError;
pub use low_stock::notice_low_stock;
pub use model::{Level, Movement, Reservation, ReservationStatus, StockLevel, Take};
pub use open_levels::{lock_levels, open_levels};
pub use reclaim::reclaim;
pub use release::release;
pub use reserve::{reserve, reserved_for};
pub use restock::{Restocked, Returning, restock};
pub use ship::ship;
