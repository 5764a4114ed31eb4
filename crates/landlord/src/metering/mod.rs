//! What stores use of metered features, told to the provider's meters: never twice, never lost.
//!
//! ```text
//! count ──> metered_usage(used) ──> promise: a report with its identifier, `reported` grows (one transaction)
//!                                        └──> tell the meter ──> sent
//!                                                 │ no answer: again, under the same identifier
//!                                                 └── for longer than the provider remembers ──> undecided
//! ```
//!
//! Owns the tables `metered_usage` and `usage_reports`.

mod count;
mod db;
mod report;

pub use count::{count, count_to};
pub use report::report;
