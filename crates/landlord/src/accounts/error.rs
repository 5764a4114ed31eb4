//! Why somebody cannot log in.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use super::{HashError, NotAnEmail, Throttled, TokenError, WeakPassword};

/// Why somebody cannot log in.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AccountError {
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    #[error("the refresh token is not valid; log in again")]
    InvalidRefreshToken,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    #[error(transparent)]
    Password(#[from] WeakPassword),
    #[error("the password could not be checked")]
    Hash(#[from] HashError),
    #[error("the token could not be made")]
    Token(#[from] TokenError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::InvalidCredentials => {
                Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid_credentials", error)
            }
            AccountError::InvalidRefreshToken => {
                Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid_refresh_token", error)
            }
            AccountError::Throttled(throttled) => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "auth.throttled", throttled).retry_after(throttled.seconds)
            }
            AccountError::Email(wrong) => refused(FieldError::new("email", "email.invalid", wrong.to_string())),
            AccountError::Password(weak) => refused(FieldError::new("password", weak.code(), weak.to_string())),
            AccountError::Hash(HashError::Busy) => Problem::unavailable(HashError::Busy),
            AccountError::Hash(cause @ (HashError::Argon(_) | HashError::Settings(_) | HashError::Ended(_))) => {
                Problem::internal(cause)
            }
            AccountError::Token(cause) => Problem::internal(cause),
            AccountError::Database(cause) => Problem::database(cause),
        }
    }
}

fn refused(error: FieldError) -> Problem {
    Problem { code: error.code, ..Problem::invalid(vec![error]) }
}
