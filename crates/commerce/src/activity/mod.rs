//! Who did what, before and after: written in the transaction of the act, never changed.
//!
//! Owns the table `activity`.

mod db;
pub mod http;
mod note;

pub use note::{Act, note};
