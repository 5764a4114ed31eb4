//! Refunds: money that goes back, who agreed to it, and what becomes of the goods.
//!
//! ```text
//! requested ─┬─> approved ─┬─> processing ─┬─> succeeded ──(the provider takes it back)──> failed
//!            ├─> rejected  └─> cancelled   └─> failed
//!            └─> cancelled
//! ```
//!
//! Whoever asks has the amount promised at once: `payments.refund_pending_minor` is raised under the payment's lock, and
//! a constraint keeps what was given back and what is promised within what was captured. The provider is asked in three
//! steps, under a key that never changes; only when the money has gone back do order, lines and stock change.
//!
//! Owns the tables `refunds` and `refund_lines`.

mod approval;
mod db;
mod decide;
mod error;
mod finish;
mod hear;
mod hold;
pub mod http;
mod model;
mod plan;
mod process;
mod record;
mod refund_rest;
mod report;
mod request;
mod retry;
mod settle;
mod share;
mod status;

pub use error::RefundError;
pub use finish::restock_late;
pub use hear::{hear, is_about_refunds};
pub use model::{Refund, RefundId, RefundLine};
pub use plan::{RequestLine, RequestRefund};
pub use process::process;
pub use refund_rest::refund_rest;
pub use report::{Report, Reported, apply_report};
pub use status::{Status, Step};
