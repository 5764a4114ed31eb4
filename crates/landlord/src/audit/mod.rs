//! Who did what on the platform: written in the transaction of the act, never changed.
//!
//! Owns the table `audit_log`.

mod db;
mod note;

pub use note::{Act, note};
