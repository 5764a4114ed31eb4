//! Why a key is not made or changed.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use crate::members::MemberError;

/// Why a key is not made or changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ApiKeyError {
    #[error("there is no such key")]
    NotFound,
    #[error("the key was revoked or has expired")]
    Over,
    #[error("a store has at most {0} keys that live")]
    TooMany(i64),
    #[error("these fields are not acceptable")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Member(#[from] MemberError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<ApiKeyError> for Problem {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::NotFound => Problem::not_found("API key"),
            ApiKeyError::Over => Problem::new(StatusCode::CONFLICT, "api_key.over", error),
            ApiKeyError::TooMany(_) => Problem::new(StatusCode::CONFLICT, "api_key.too_many", error),
            ApiKeyError::Invalid(errors) => Problem::invalid(errors),
            ApiKeyError::Member(error) => error.into(),
            ApiKeyError::Database(cause) => Problem::database(cause),
        }
    }
}
