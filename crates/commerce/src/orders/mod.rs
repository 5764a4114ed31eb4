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
//! While a member of staff holds an order, nobody else of the staff moves it: every verb of staff begins with
//! [`lock_for_staff`]. Machines, which settle money, do not ask.
//!
//! Its history is its events: each one that moves an order says `from` where, `to` where and for which `reason`.
//!
//! Owns the tables `orders`, `order_items`, `order_errors`, `order_notes`.

mod correct_refunded;
mod create;
mod db;
mod error;
mod history;
mod hold;
pub mod http;
mod lock_for_staff;
mod locked;
mod model;
mod note;
mod note_error;
mod read;
mod recent;
mod refunded;
mod resolve_error;
mod review;
mod shipped;
mod sold;
mod staff_view;
mod status;
mod step;
mod waiting;

pub use correct_refunded::correct_refunded;
pub use create::{NewOrder, NewOrderItem, create};
pub use db::UnderReview;
pub use error::OrderError;
pub use lock_for_staff::{StaffLock, lock_for_staff};
pub use locked::{Locked, happened, lock};
pub use model::{Address, Order, OrderId, OrderItem, OrderItemId};
pub use note_error::{FaultCategory, FaultSeverity, OrderFault, note_error, note_retry};
pub use read::{items, order, proves, token, trails};
pub use recent::{Recent, recent, sameness};
pub use refunded::{items_refunded, refunded};
pub use review::{note_reminder, reviewed, under_review};
pub use shipped::{items_shipped, measure, money_came};
pub use sold::{Sold, SoldLine, sold};
pub use staff_view::{OrderMetrics, OrderReview, OrderSource, StaffPart, StaffView, staff_view};
pub use status::{Money, Review, Stage, Step, public_status};
pub use step::{set_payment_method, step};
pub use waiting::{Waiting, to_do, waiting};
