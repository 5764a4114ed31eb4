//! Orders: what a shopper bought, and how far it has got.
//!
//! ```text
//! pending → awaiting_payment → paid ─┐
//! pending → confirmed ───────────────┴→ packed → shipped → delivered | fulfilled
//! pending, awaiting_payment → failed | cancelled
//! paid, confirmed → cancelled
//! ```
//!
//! How much of the money went back is a second machine, `none → partial → full`; the public status is made from both.
//! An order becomes paid only through the payment module's verified reports, never by a request.
//!
//! Owns the tables `orders`, `order_items`, `order_history`.

mod create;
mod db;
mod error;
pub mod http;
mod model;
mod read;
mod status;
mod step;

pub use create::{NewOrder, NewOrderItem, create};
pub use error::OrderError;
pub use model::{Address, Order, OrderId, OrderItem, OrderItemId};
pub use read::{order, token};
pub use status::{Money, Stage, Step, public_status};
pub use step::{Locked, lock, step};
