//! A whole platform for tests: real PostgreSQL, real HTTP, the Stripe sandbox. Each test opens its own stores, which is
//! all the isolation it needs.
//!
//! The worker does not run by itself here: a test drives it with [`Platform::work`], for its own stores alone.
#![expect(clippy::unwrap_used, reason = "a test harness")]

mod answer;
mod billing;
mod checks;
mod doomed;
mod logs;
mod mails;
mod people;
mod platform;
mod program;
mod provider;
mod refunds;
mod shopping;
mod staff;
mod store;
mod wire;

pub use answer::Answer;
pub use billing::{Books, Merchant};
pub use checks::assert_consistent;
pub use doomed::Doomed;
pub use logs::Logs;
pub use mails::Letter;
pub use people::{PASSWORD, code};
pub use platform::{Platform, key, settings, unique};
pub use program::program;
pub use provider::{News, sign, signed_with};
pub use shopping::{Bought, Cart, card, cash};
pub use staff::Member;
pub use store::{Store, Variant};
pub use wire::Wire;
