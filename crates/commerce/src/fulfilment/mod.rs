//! Fulfilment: what staff does with an order until its goods are with the shopper, or it is called off.
//!
//! ```text
//! confirm → pack → ship, ship, … → deliver | fulfil          cancel, while nothing was packed
//! ```
//!
//! An order leaves in one or several shipments; it stays packed until all of it has left. Its goods leave the stock with
//! each shipment. A shipment is `shipped`, then `delivered`; when all are, so is the order, and cash counts as collected.
//!
//! Every verb begins with [`orders::lock_for_staff`](crate::orders::lock_for_staff), so of many at once one wins and a
//! held order is left alone.
//!
//! Owns the tables `shipments` and `shipment_items`.

mod allot;
mod cancel;
mod confirm;
mod db;
mod deliver;
mod detail;
mod error;
mod fulfil;
pub mod http;
mod model;
mod pack;
mod pending;
mod ship;
mod step;

pub use cancel::{CancelOrder, cancel};
pub use confirm::confirm;
pub use deliver::{DeliverOrder, deliver};
pub use detail::OrderDetail;
pub use error::FulfilmentError;
pub use fulfil::fulfil;
pub use model::{Shipment, ShipmentId, ShipmentItem, ShipmentStatus};
pub use pack::pack;
pub use pending::{PendingOrder, Reason, WaitsFor};
pub use ship::{ShipOrder, ship};
