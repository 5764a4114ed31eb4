//! The provider's invoices to stores, mirrored, so that owners find them with us.
//!
//! Owns the table `invoices`.

mod db;
mod list;
mod mirror;
mod model;

pub use list::{list, open_of};
pub use mirror::{forget_draft, mirror};
pub use model::{InvoiceState, InvoiceView};
