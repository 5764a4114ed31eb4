//! To be completed.

mod checkout;
mod db;
pub mod http;
mod model;

pub use checkout::{complete, lock_for_checkout, reopen, set_in_checkout};
pub use model::{CartId, CartItemId, CartLine, CartStatus, LockedCart, proves};
