//! Why a refund cannot do what was asked.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use super::{Status, Step};
use crate::orders::OrderError;
use crate::payments::PaymentError;

/// Why a refund cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RefundError {
    #[error("there is no such refund")]
    NotFound,
    #[error("a refund that is {} cannot {step:?}", status.name())]
    WrongStatus { status: Status, step: Step },
    #[error("the refund changed while this request was running")]
    Changed,
    #[error("nothing was captured for this order: there is nothing to give back")]
    NothingCaptured { stage: &'static str },
    #[error("no more than {rest_minor} of the order can still be given back")]
    ExceedsRest { rest_minor: i64, errors: Vec<FieldError> },
    #[error("the request is not acceptable")]
    Invalid(Vec<FieldError>),
    #[error("who asked for a refund cannot approve it")]
    OwnRequest,
    #[error("this refund is not yours to cancel")]
    NotYours,
    #[error("this refund was tried again before")]
    RetriedBefore,
    #[error("this refund goes through the payment provider; nobody settles it by hand")]
    NotByHand,
    #[error("there is no room yet for what the provider says it gave back")]
    NotYet,
    #[error("{0}")]
    Order(#[from] OrderError),
    #[error("{0}")]
    Payment(#[from] PaymentError),
    #[error("the answer cannot be made")]
    Answer(Box<Problem>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, &error);
        match error {
            RefundError::NotFound => Problem::not_found("refund"),
            RefundError::WrongStatus { status, .. } => {
                conflict("refund.wrong_status").with("refund_status", status.name())
            }
            RefundError::Changed => conflict("refund.changed"),
            RefundError::NothingCaptured { stage } => conflict("refund.nothing_captured").with("stage", stage),
            RefundError::ExceedsRest { rest_minor, ref errors } => {
                conflict("refund.exceeds_rest").with("rest_minor", rest_minor).with_errors(errors.clone())
            }
            RefundError::Invalid(errors) => Problem::invalid(errors),
            RefundError::OwnRequest => Problem::new(StatusCode::FORBIDDEN, "refund.own_request", error),
            RefundError::NotYours => Problem::new(StatusCode::FORBIDDEN, "refund.not_yours", error),
            RefundError::RetriedBefore => conflict("refund.retried_before"),
            RefundError::NotByHand => conflict("refund.not_by_hand"),
            RefundError::NotYet => conflict("refund.not_yet"),
            RefundError::Order(cause) => cause.into(),
            RefundError::Payment(cause) => cause.into(),
            RefundError::Answer(problem) => *problem,
            RefundError::Database(cause) => Problem::database(cause),
        }
    }
}
