//! Why somebody cannot have a store, or a store cannot do what was asked.

use axum::http::StatusCode;
use kernel::idempotency;
use kernel::problem::{FieldError, Problem};

use super::WrongState;
use crate::accounts::{AccountError, TokenError};

/// How many stores an account may have before its e-mail address is verified.
pub(super) const MAX_UNVERIFIED: i64 = 3;

/// Why somebody cannot have a store, or a store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TenantError {
    #[error("there is no such store")]
    NotFound,
    #[error("these fields are not acceptable")]
    Invalid(Vec<FieldError>),
    #[error("another store has this address; choose another slug")]
    SlugTaken,
    #[error("there is an account with this e-mail address; log in, or send its password to open another store")]
    AccountExists,
    #[error("at most {MAX_UNVERIFIED} stores before the e-mail address is verified")]
    TooMany,
    #[error(transparent)]
    WrongState(#[from] WrongState),
    #[error("no new store on this plan can be opened at the moment")]
    Full,
    #[error("the store changed while this request was running")]
    Changed,
    #[error("the Idempotency-Key was used with another request")]
    KeyReused,
    #[error("the first request with this Idempotency-Key is still running")]
    InProgress,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("the token could not be made")]
    Token(#[from] TokenError),
    #[error("what the act needs failed: {}", .0.detail)]
    Failed(Box<Problem>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl TenantError {
    /// Is this how the act ended, to be told again whenever it is repeated? What ails only this attempt is not.
    pub(super) fn is_outcome(&self) -> bool {
        match self {
            Self::SlugTaken | Self::AccountExists | Self::TooMany => true,
            Self::NotFound
            | Self::Invalid(_)
            | Self::WrongState(_)
            | Self::Full
            | Self::Changed
            | Self::KeyReused
            | Self::InProgress
            | Self::Account(_)
            | Self::Token(_)
            | Self::Failed(_)
            | Self::Database(_) => false,
        }
    }
}

impl From<Problem> for TenantError {
    fn from(problem: Problem) -> Self {
        Self::Failed(Box::new(problem))
    }
}

impl From<TenantError> for Problem {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::NotFound => Problem::not_found("store"),
            TenantError::Invalid(errors) => {
                let code = errors.first().map_or("request.invalid", |error| error.code);
                Problem { code, ..Problem::invalid(errors) }
            }
            TenantError::SlugTaken => {
                let field = FieldError::new("slug", "slug.taken", "is another store's; choose another");
                Problem::new(StatusCode::CONFLICT, "slug.taken", TenantError::SlugTaken).with_errors(vec![field])
            }
            TenantError::AccountExists => Problem::new(StatusCode::CONFLICT, "account.exists", error),
            TenantError::TooMany => Problem::new(StatusCode::FORBIDDEN, "tenant.limit", error),
            TenantError::WrongState(wrong) => Problem::new(StatusCode::CONFLICT, "tenant.wrong_state", wrong),
            TenantError::Full => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "tenant.no_cluster", error).retry_after(60)
            }
            TenantError::Changed => Problem::new(StatusCode::CONFLICT, "tenant.changed", error),
            TenantError::KeyReused => idempotency::reused(),
            TenantError::InProgress => idempotency::in_progress(),
            TenantError::Account(error) => error.into(),
            TenantError::Token(cause) => Problem::internal(cause),
            TenantError::Failed(problem) => *problem,
            TenantError::Database(cause) => Problem::database(cause),
        }
    }
}
