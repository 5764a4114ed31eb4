//! Invitations to work in a store.
//!
//! ```text
//! open ──accept──> accepted: the account is a member
//!  │ └──revoke──> revoked
//!  └──7 days──> expired ──resend──> open, with another link
//! ```
//!
//! An invitation that is open takes a seat of the plan. Its link proves the address that it was sent to, so only the
//! account with that address can accept it, and a new account's address is verified by it.
//!
//! Owns the table `invitations`.

mod accept;
mod db;
mod error;
pub mod http;
mod invite;
mod list;
mod model;
mod resend;
mod revoke;

pub use accept::{Accept, Accepted, Looked, accept, look};
pub use error::InvitationError;
pub use invite::{Invite, invite};
pub use list::list;
pub use model::{Invitation, InvitationId, InvitationState};
pub use resend::resend;
pub use revoke::revoke;
