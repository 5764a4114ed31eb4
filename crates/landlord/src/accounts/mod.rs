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
//! What a link in a letter proves is a token of 256 bits, good for one purpose, once, for a while. A second factor is a
//! code by time; recovery codes stand in for a lost device. Platform admins may do nothing without theirs but set it up.
//!
//! ```text
//! login ──password right──> session
//!             └── second factor ──> challenge ──code, five tries──> session
//! ```
//!
//! Owns the tables `accounts`, `sessions`, `refresh_tokens`, `account_tokens`, `second_factors`, `recovery_codes` and
//! `login_challenges`.

mod account_token;
mod change_password;
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
mod profile;
mod refresh;
mod reset_password;
mod second_factor;
mod session;
mod sessions;
mod sweep;
mod throttle;
mod token;
mod totp;
mod verify_email;

pub use change_password::{ChangePassword, change_password};
pub use create::{Person, create, find, identify, lock};
pub use email::{Email, NotAnEmail};
pub use ensure_admin::ensure_admin;
pub use error::AccountError;
pub use hasher::{HashError, Hasher};
use login::grant_session;
pub(crate) use login::prove_password;
pub use login::{Login, login};
pub use logout::logout;
pub use model::{AccountView, LoggedIn, SessionId, SessionView, Tokens};
pub use password::{WeakPassword, check as check_password};
pub use profile::{ChangeProfile, change_profile};
pub use refresh::{Refresh, refresh};
pub use reset_password::{ForgotPassword, ResetPassword, forgot_password, reset_password};
pub(crate) use second_factor::prove as prove_second_factor;
pub use second_factor::{
    AnswerChallenge, Enrolment, RecoveryCodes, WithBoth, WithCode, WithPassword, answer_challenge, confirm, disable,
    enrol, factor_by_operator, has_second_factor, renew_recovery_codes, reset_factor_by_operator,
};
pub use session::{open_session, session_alive, verify_access};
pub use sessions::{end_other_sessions, end_session, sessions_of};
pub use sweep::sweep;
pub use throttle::{Throttle, Throttled};
pub use token::{AccessClaims, Grant, TokenError, TokenKeys};
pub use totp::code as totp_code;
pub(crate) use verify_email::note_verified;
pub use verify_email::{
    ChangeEmail, WithToken, ask_to_verify, change_email, confirm_email, resend_verification, verify_email,
};
