//! Checkout: a cart becomes an order, and the order becomes paid or comes to nothing.
//!
//! ```text
//! started → cart_validated → inventory_reserved → price_locked → order_created
//!         → payment_authorized → payment_captured → stock_committed → completed
//! any of them → failed | expired | cancelled, after compensation in reverse order
//! ```
//!
//! Everything up to `order_created` is one transaction, which concurrent checkouts of a store share: while one is in
//! flight, further ones wait in the [`Queue`] and form the next slice. A slice reads and locks what its requests need,
//! decides in memory, in order of arrival, by the pure `decide`, and writes the outcomes set-based. A lone checkout
//! is a slice of one, at once, by the same code.
//!
//! What the provider says about a payment, whichever way it comes, ends in [`settle`].
//!
//! Owns the table `checkouts`.

mod attempt;
mod by_staff;
mod call_off;
mod capture;
mod db;
mod decide;
#[cfg(test)]
mod decide_tests;
mod edits;
mod end;
mod error;
mod explain;
mod faults;
mod fraud;
mod hold;
pub mod http;
mod late;
mod mark_paid;
mod model;
mod monitor;
pub mod payments_http;
mod purchase;
mod queue;
mod quoted;
mod receive;
mod review;
mod review_end;
mod settle;
mod slice;
mod start;
mod undo;
mod validate;
mod view;

pub use attempt::PayOtherwise;
pub use by_staff::{confirm, hold_order};
pub use call_off::call_off;
pub use capture::{capture, capture_when_approved, capture_wished, clear};
pub use edits::edits_call_off;
pub use end::{Ending, end, expire, expire_due};
pub use error::CheckoutError;
pub use mark_paid::MarkPaid;
pub use model::{CheckoutId, ShippingAddress, StartCheckout};
pub use monitor::{Figures, monitor};
pub use queue::Queue;
pub use receive::{process_open_events, receive, replay, tenant_of};
pub use review_end::end_review;
pub use settle::{Settled, raise_undecided, settle, settle_undecided};
pub use start::start;
