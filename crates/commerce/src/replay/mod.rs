//! Replay: fold an aggregate's events, older ones put away in its snapshot, into what it has become.
//!
//! [`verify`] compares that with the read models, which the same transactions wrote that wrote the events. Where the two
//! differ, one of them was changed behind the product's back, and a person must look: orders, stock, payments and refunds
//! stand under constraints and are never overwritten from events. The reports are made from events alone, so
//! [`rebuild`] writes them anew.
//!
//! Owns no table; reads those of orders, payments, refunds and inventory, to compare.

mod compare;
mod db;
mod fold;
mod rebuild;
mod verify;
mod walk;

pub use compare::Difference;
pub use fold::State;
pub use rebuild::rebuild;
pub use verify::{Verified, verify};
