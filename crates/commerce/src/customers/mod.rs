//! Customers: people a store knows something about. Whoever is not here is a stranger like all others.
//!
//! A customer is an e-mail address in one store. A blocked one cannot buy; a trusted one's orders go on without review.
//!
//! Owns the table `customers`.

mod change;
mod create;
mod db;
mod error;
pub mod http;
mod model;
mod read;

pub use change::{ChangeCustomer, change};
pub use create::{CreateCustomer, create};
pub use error::CustomerError;
pub use model::{Customer, CustomerId, CustomerStatus};
pub use read::{Known, customer, known};
