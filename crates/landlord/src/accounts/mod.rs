//! Accounts: people who log in at the platform, their sessions and tokens.
//!
//! ```text
//! login ──> session ──refresh──> the same session, new tokens
//!              ├── logout: revoked
//!              └── an old refresh token comes back: revoked, for it was stolen from somebody
//! ```
//!
//! An access token is a signed statement that lives for minutes; whether its session still lives is asked of the
//! database on every request. A refresh token is a random secret, stored hashed and used once.
//!
//! Owns the tables `accounts`, `sessions` and `refresh_tokens`.

mod create;
mod db;
mod email;
mod ensure_admin;
mod error;
mod hasher;
pub mod http;
mod login;
mod logout;
mod model;
mod password;
mod refresh;
mod session;
mod sweep;
mod throttle;
mod token;

pub use create::{Person, create, find, identify, lock};
pub use email::{Email, NotAnEmail};
pub use ensure_admin::ensure_admin;
pub use error::AccountError;
pub use hasher::{HashError, Hasher};
pub use login::{Login, login};
pub use logout::logout;
pub use model::{AccountView, LoggedIn, SessionId, Tokens};
pub use password::{WeakPassword, check as check_password};
pub use refresh::{Refresh, refresh};
pub use session::{open_session, session_alive, verify_access};
pub use sweep::sweep;
pub use throttle::{Throttle, Throttled};
pub use token::{AccessClaims, Grant, TokenError, TokenKeys};
