//! Why a customer cannot be written down.

use axum::http::StatusCode;
use kernel::problem::Problem;

/// Why a customer cannot be written down.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CustomerError {
    #[error("there is no such customer")]
    NotFound,
    #[error("the store knows a customer with this address already; change that one")]
    EmailTaken,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<CustomerError> for Problem {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::NotFound => Problem::not_found("customer"),
            CustomerError::EmailTaken => Problem::new(StatusCode::CONFLICT, "customer.email_taken", error),
            CustomerError::Database(cause) => Problem::database(cause),
        }
    }
}
