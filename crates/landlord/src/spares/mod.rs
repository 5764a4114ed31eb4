//! Schemas made ready before anybody asked: sign-up takes one, and its id becomes the tenant's.
//!
//! Owns the table `spare_schemas`.

mod add;
mod all;
mod count;
mod db;
mod outdated;
mod take;

pub use add::add;
pub use all::all;
pub use count::count;
pub use db::Spare;
pub use outdated::{outdated, remove};
pub use take::take;
