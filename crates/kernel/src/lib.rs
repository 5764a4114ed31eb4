//! The shared vocabulary: typed ids, money, time, database handles, problems, paging, secrets.
//!
//! Holds no table, no route and no business rule. Every other crate may depend on it; it depends on none.

pub mod cache;
pub mod clock;
pub mod db;
pub mod entitlements;
pub mod http;
pub mod id;
pub mod idempotency;
mod mend;
pub mod metrics;
pub mod money;
pub mod origin;
pub mod page;
pub mod percent;
pub mod problem;
pub mod role;
pub mod secret;
pub mod text;
