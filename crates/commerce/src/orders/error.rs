//! Why an order cannot do what was asked.

use axum::http::StatusCode;
use kernel::problem::Problem;
use serde_json::json;

use super::{Money, StaffLock, Stage, Step, public_status};

/// Why an order cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OrderError {
    #[error("there is no such order")]
    NotFound,
    #[error("there is no such error of an order")]
    NoSuchFault,
    #[error("an order that is {} cannot {step:?}", public_status(*stage, *money))]
    WrongStage { stage: Stage, money: Money, step: Step },
    #[error("somebody else of the staff holds this order since {}: {}", _0.locked_at.to_rfc3339(), _0.reason)]
    Held(StaffLock),
    #[error("the order changed while this request was running")]
    Changed,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, &error);
        match error {
            OrderError::NotFound => Problem::not_found("order"),
            OrderError::NoSuchFault => Problem::not_found("error"),
            OrderError::WrongStage { stage, money, .. } => conflict("order.wrong_stage")
                .with("stage", stage.name())
                .with("order_status", public_status(stage, money))
                .with("allowed", stage.allowed(money)),
            OrderError::Held(ref held) => conflict("order.locked")
                .with("locked_at", json!(held.locked_at))
                .with("locked_by", held.locked_by.clone())
                .with("reason", held.reason.clone()),
            OrderError::Changed => conflict("order.changed"),
            OrderError::Database(cause) => Problem::database(cause),
        }
    }
}
