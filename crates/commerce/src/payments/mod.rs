//! Payments: the money of an order, and what the provider says about it.
//!
//! ```text
//! created ─┬─> processing ⇄ requires_action ─┬─> succeeded
//! unknown ─┘   (in any order, as reported)    ├─> failed
//!                                             └─> cancelled
//! ```
//!
//! A payment is written, with the key the provider will know it by, before the provider is asked. What the provider
//! reports, by webhook or because we asked, is a [`Report`]; it moves the payment by compare-and-set, and only when
//! amount, currency, account and mode are the ones we wrote down. `unknown` is not failed: the goods stay held.
//!
//! Payments know no order's life: `checkout` carries a decided payment over to order, stock and cart.
//!
//! Owns the tables `payments` and `provider_events`.

mod apply;
mod ask;
mod correct_refunds;
mod create;
mod db;
mod error;
mod flagged;
mod forget;
mod give_back;
pub mod http;
mod model;
mod receive;
mod report;

pub use apply::{Change, apply, give_up};
pub use ask::{Asked, ask, cancel};
pub use correct_refunds::correct_refunds;
pub use create::{NewPayment, ask_first, create, prepared};
pub use db::{lock, of_order, order_of, place};
pub use error::PaymentError;
pub use flagged::{Flagged, flagged, flags_of};
pub use forget::forget_provider_events;
pub use give_back::{
    Refundable, came_again, forget_refund, gave_back, lock_refundable, lock_refundable_payment, promise_refund,
};
pub use model::{Locked, Payment, PaymentId, Provider, Status};
pub use receive::{Received, finish_event, open_events, receive};
pub use report::{Report, Reported};
