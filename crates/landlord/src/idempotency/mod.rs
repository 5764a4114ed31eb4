//! Same key, same answer, for acts on the platform.
//!
//! ```text
//! claim ──> attach the subject (with the effect) ──> finish (with the answer)
//!    └── release: nothing happened, or a retry may go on where this one stopped
//! ```
//!
//! Whoever claims a key holds it for 30 seconds. A crash leaves it unfinished: after that time the same request claims
//! it again, learns from the subject what already exists, and goes on. Every write names the lease, so whoever was
//! overtaken changes nothing.
//!
//! Owns the table `idempotency_keys`.

mod claim;
mod db;
mod finish;
mod once;
mod sweep;

pub use claim::{Claim, Held, claim};
pub use finish::{attach, finish, release};
pub use once::{Failure, OneAct, once};
pub use sweep::sweep;
