//! Members: which accounts work in which stores, and as what.
//!
//! Whatever changes the staff of a store takes the store's row first, so of two owners who leave at once the second
//! finds himself the last, and the limit of the plan is counted one after the other.
//!
//! Owns the table `memberships`, which `tenants` reads.

mod change_role;
mod db;
mod error;
pub mod http;
mod list;
mod remove;
mod seats;
mod transfer;

pub use change_role::{ChangeRole, change_role};
pub use db::Member;
pub use error::MemberError;
pub use list::{email_of, list, role_of};
pub use remove::{leave, remove};
pub(crate) use seats::{add, lock, take_seat};
pub use transfer::{TransferOwnership, transfer_ownership};
