//! The kinds of letters, by what they are about. Owns no table.

mod account;
mod billing;
mod staff;

pub use account::AccountMail;
pub use billing::BillingMail;
pub use staff::StaffMail;
