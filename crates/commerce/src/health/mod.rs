//! Health: what must hold in every store at any time, and whether it does, asked of the database itself.
//!
//! A [`Promise`] is one entry of a table in `promises/`: a name, what it says, what a person does when it is broken, and
//! a query that finds what breaks it. To add one, add its entry; tests, `souk doctor` and the staff's page ask it from
//! then on.
//!
//! Owns no table, and reads all of a store's: whether the modules' tables fit together is nobody's own question.

mod ask;
mod counts;
mod db;
pub mod http;
mod promises;
mod repair;
mod shared;

pub use ask::{Broken, ask, ask_all, examine};
pub use counts::{Counts, count};
pub use promises::{Promise, Repair, Severity, promises, signs};
pub use repair::{Mended, repair};
pub use shared::{Queued, Shared, Waiting, my_turn, shared, waiting};
