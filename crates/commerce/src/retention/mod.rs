//! Retention: put away what was kept long enough, in transactions of at most a thousand rows, to be gone on with after a
//! crash at any point.
//!
//! | what | kept for | then |
//! |---|---|---|
//! | events of orders, payments | 90 days, once all of them are that old and nothing more will happen | folded into the aggregate's snapshot, with who, what, when and why |
//! | events of stock, products | 90 days | the same, those that are old enough |
//! | events of refunds | 2 years | the same |
//! | movements of stock | 2 years | added up into one for each variant, so that Σ movements = level stays true |
//! | what the provider sent | 90 days | its text is forgotten; its id after a year |
//! | answers to idempotent requests | 24 hours | forgotten by the sweep |
//!
//! Only events that the feed has published and the reports contain are put away. How far the feed was put away stands
//! beside it, so that a reader from before learns that it missed something.
//!
//! Owns no table.

mod put_away;
mod retain;

pub use retain::{Progress, retain};
