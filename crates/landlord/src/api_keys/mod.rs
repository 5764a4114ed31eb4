//! Keys that programs hold: secret ones act as staff of one store, publishable ones name a storefront.
//!
//! ```text
//! live ──rotate──> live until the overlap ends, beside its successor
//!  └──revoke──> revoked
//! ```
//!
//! A secret key is told once and stored hashed. It may do what its scopes say and its role allows, and never more than
//! who made it.
//!
//! Owns the table `api_keys`.

mod authenticate;
mod create;
mod db;
mod error;
mod list;
mod model;
mod revoke;
mod rotate;

pub use authenticate::{Holder, authenticate, is_publishable};
pub use create::{CreateApiKey, create};
pub use error::ApiKeyError;
pub use list::list;
pub use model::{ApiKey, ApiKeyId, ApiKeyKind, NewApiKey};
pub use revoke::revoke;
pub use rotate::{RotateApiKey, rotate};
