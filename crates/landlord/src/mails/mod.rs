//! Letters of the platform to the people who have accounts, or are invited to have one.
//!
//! ```text
//! enqueue (in the transaction of the act) ─> waiting ──sent──> sent ──after 90 days──> forgotten
//!                                             │  ^ │
//!                                             └──┘ └──too many attempts──> dead ──replay──> waiting
//!                                           try again, ever later
//! ```
//!
//! A letter is a value of [`Mail`]; it is put into words when it is sent, and what is secret in it, such as the token of
//! a link, is derived then from the id of a row and the server's own secret. So the table holds nothing that opens a
//! door. It may be sent twice, by a worker that died before it could note the first time: both have the same
//! `Message-ID`.
//!
//! A new kind of letter: a variant of the enum in `kinds/<area>.rs`, and its words in the `letter` function beside it. A
//! new area: a file there, and a variant of [`Mail`] with its two arms in `mail.rs`.
//!
//! Owns the table `mails`.

mod db;
mod enqueue;
mod error;
pub mod kinds;
mod letter;
mod list;
mod mail;
mod mailer;
mod model;
mod replay;
mod send;
mod sweep;

pub use enqueue::{enqueue, tell_owners};
pub use error::MailError;
pub use letter::{Letter, Stationery};
pub use list::{count, list};
pub use mail::Mail;
pub use mailer::{MailSettings, Mailer, MailerError};
pub use model::{MailCounts, MailId, MailRow, MailState, NewMail};
pub use replay::{replay, replay_all};
pub use send::send_due;
pub use sweep::sweep;
