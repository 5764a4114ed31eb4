//! Tenants: one merchant's store each, where it is, and who works there.
//!
//! ```text
//! provisioning ──activate──> active ──suspend──> suspended
//!                              │  <───resume───────┘  │
//!                              └──close──> closing <──┘
//!                                             └──purge──> closed
//! ```
//!
//! Sign-up is one act over two databases, in steps that can each be repeated:
//!
//! ```text
//! claim the key ─> register (one transaction) ─> provision (elsewhere) ─> activate ─> finish: session and answer
//! ```
//!
//! After a crash the same key goes on where it stopped, and a worker activates what nobody came back for.
//!
//! Owns the tables `tenants` and `domains`.

mod activate;
mod db;
mod error;
mod finish_signup;
pub mod http;
mod list;
mod model;
mod owners;
mod place;
mod register;
mod request;
mod resolve;
mod sign_up;
mod slug;
mod staff_role;
mod status;
mod suspend;
mod unfinished;

pub use activate::activate;
pub use error::TenantError;
pub use finish_signup::finish_signup;
pub use list::{by_slug, list, stores_of};
pub use model::{NewTenant, Resolved, SignedUp, StoreView, TenantRow, TenantView};
pub use owners::owners;
pub use place::{lock_place, note_versions, relocate, set_moving};
pub use register::{Registration, Ticket, register};
pub use request::SignUp;
pub use resolve::{resolve, resolve_id};
pub use sign_up::sign_up;
pub use slug::{WrongSlug, check as check_slug};
pub use staff_role::staff_role;
pub use status::{Step, TenantState, WrongState};
pub use suspend::{resume, suspend};
pub use unfinished::unfinished;
