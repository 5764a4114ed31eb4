//! Same key, same answer, inside a store.
//!
//! ```text
//! (none) ──> started | order_created ──> finished ──24 h──> (gone)
//!               └──the lease ends: the same request may go on──┘
//! ```
//!
//! Checkout writes its keys set-based in its own transaction; other acts run through [`once`].
//!
//! Owns the table `idempotency_keys`.

mod db;
mod once;
mod within;

pub use db::{Claimed, FoundKey, NewKey, StoredKey, claim_again, counted, find, finish, insert, release};
pub(crate) use once::PATIENCE;
pub use once::{conflict, forget_expired, once};
pub use within::{Entered, enter};
