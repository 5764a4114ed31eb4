//! Why an order cannot do what was asked.

use axum::http::StatusCode;
use kernel::problem::Problem;

use super::{Stage, Step};

/// Why an order cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OrderError {
    #[error("there is no such order")]
    NotFound,
    #[error("an order that is {} cannot {step:?}", stage.name())]
    WrongStage { stage: Stage, step: Step },
    #[error("the order changed while this request was running")]
    Changed,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::NotFound => Problem::not_found("order"),
            OrderError::WrongStage { stage, .. } => {
                Problem::new(StatusCode::CONFLICT, "order.wrong_stage", &error).with("stage", stage.name())
            }
            OrderError::Changed => Problem::new(StatusCode::CONFLICT, "order.changed", error),
            OrderError::Database(cause) => Problem::database(cause),
        }
    }
}
