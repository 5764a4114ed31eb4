//! The kinds of letters, by what they are about. Owns no table.

mod account;
mod staff;

pub use account::AccountMail;
pub use staff::StaffMail;
