//! Why an override cannot be set.

use axum::http::StatusCode;
use kernel::problem::Problem;

/// Why an override cannot be set.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OverrideError {
    #[error("there is no such feature")]
    UnknownFeature,
    #[error("there is no such tenant")]
    UnknownTenant,
    #[error("a limit cannot be negative")]
    Negative,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<OverrideError> for Problem {
    fn from(error: OverrideError) -> Self {
        match error {
            OverrideError::UnknownFeature => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "feature.unknown", error),
            OverrideError::UnknownTenant => Problem::not_found("tenant"),
            OverrideError::Negative => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "feature.invalid_limit", error),
            OverrideError::Database(cause) => Problem::database(cause),
        }
    }
}
