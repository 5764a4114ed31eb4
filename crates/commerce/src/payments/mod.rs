//! Payments: the money of an order, and what the provider says about it.
//!
//! ```text
//! created ─┬─> processing ⇄ requires_action ─┬──────> authorized ─┬─> succeeded
//! unknown ─┘   (in any order, as reported)    ├──> succeeded       └─> cancelled
//!                                             ├──> failed
//!                                             └──> cancelled
//! failed, cancelled ── the money comes all the same ──> succeeded, for the order or as surplus that goes back
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
mod collect;
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
mod surplus;

pub use apply::{Change, accept_late, apply, give_up};
pub use ask::{Asked, ask, cancel, capture};
pub use collect::{collect, take_in};
pub use correct_refunds::correct_refunds;
pub use create::{NewPayment, ask_first, create, prepared, provider_key};
pub use db::{
    attempt_of, flag_undecided, lock, of_order, place, read, request_capture, set_request_key, set_void_reason,
    undecided_for_an_hour,
};
pub use error::PaymentError;
pub use flagged::{Flagged, flagged, flags_of};
pub use forget::forget_provider_events;
pub use give_back::{
    Refundable, came_again, forget_refund, gave_back, lock_refundable, lock_refundable_payment, promise_refund,
};
pub use model::{Capture, Locked, Payment, PaymentId, Provider, Status};
pub use receive::{Kept, Received, fail_event, finish_event, keep, named, open_events, reopen_event};
pub use report::{Report, Reported};
pub use surplus::{apply_return_report, call_off_later, give_back, return_surplus, stray};
