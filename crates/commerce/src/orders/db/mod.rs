//! The SQL of orders, by concern. Nothing outside this folder touches these tables.

mod create;
mod faults;
mod hold;
mod list;
mod moves;
mod notes;
mod read;
mod recent;
mod refunded;
mod review;
mod staff;
mod waiting;

pub(super) use create::{insert, insert_items};
pub(super) use faults::{
    FaultFilter, OrderErrorEntry, count_fault, count_retry, fault, faults, faults_of, insert_fault, order_of_fault,
    resolve_fault,
};
pub(super) use hold::{clear_held, set_held};
pub(super) use list::{OrderFilter, OrderSummary, list};
pub(super) use moves::{
    add_refunded, add_shipped, count_event, lock, measure, money_came, set_money, set_payment_method, set_stage,
};
pub(super) use notes::{OrderNote, exists, insert_note, notes};
pub(super) use read::{items, order, trails};
pub(super) use recent::recent;
pub(super) use refunded::set_refunded;
pub use review::UnderReview;
pub(super) use review::{set_reminded, set_review, under_review};
pub(super) use staff::staff_part;
pub use waiting::Waiting;
pub(super) use waiting::{to_do, waiting};
