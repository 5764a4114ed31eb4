//! Why a letter cannot be had back.

use axum::http::StatusCode;
use kernel::problem::Problem;

/// Why a letter cannot be had back.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MailError {
    #[error("there is no such mail")]
    NotFound,
    #[error("only a mail that was given up is sent again; this one waits or was sent")]
    NotDead,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        match error {
            MailError::NotFound => Problem::not_found("mail"),
            MailError::NotDead => Problem::new(StatusCode::CONFLICT, "mail.not_dead", error),
            MailError::Database(cause) => Problem::database(cause),
        }
    }
}
