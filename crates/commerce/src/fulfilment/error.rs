//! Why staff cannot do with an order what was asked.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use crate::checkout::CheckoutError;
use crate::orders::OrderError;
use crate::payments::PaymentError;
use crate::refunds::RefundError;

/// Why staff cannot do with an order what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FulfilmentError {
    #[error("there is no such shipment of this order")]
    NoSuchShipment,
    #[error("the request is not acceptable")]
    Invalid(Vec<FieldError>),
    #[error("more was asked for than is left to leave")]
    MoreThanLeft(Vec<FieldError>),
    #[error("nothing of this order is left to leave; refund it if it is not to go on")]
    NothingToShip,
    #[error("this has arrived already")]
    NothingToDeliver,
    #[error("the order waits for a review: approve or reject it first")]
    UnderReview,
    #[error("a card pays this order: it is confirmed by its payment, never by hand")]
    PaidByCard,
    #[error("goods of this order have been packed or have left: refund its lines instead of cancelling it")]
    TooLateToCancel { stage: &'static str },
    #[error("the payment is being decided at this moment; send the request again")]
    Undecided,
    #[error("{0}")]
    Order(#[from] OrderError),
    #[error("{0}")]
    Checkout(#[from] CheckoutError),
    #[error("{0}")]
    Payment(#[from] PaymentError),
    #[error("{0}")]
    Refund(#[from] RefundError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<FulfilmentError> for Problem {
    fn from(error: FulfilmentError) -> Self {
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, &error);
        match error {
            FulfilmentError::NoSuchShipment => Problem::not_found("shipment"),
            FulfilmentError::Invalid(errors) => Problem::invalid(errors),
            FulfilmentError::MoreThanLeft(ref errors) => {
                conflict("shipment.more_than_left").with_errors(errors.clone())
            }
            FulfilmentError::NothingToShip => conflict("shipment.nothing_left"),
            FulfilmentError::NothingToDeliver => conflict("shipment.delivered"),
            FulfilmentError::UnderReview => conflict("order.under_review"),
            FulfilmentError::PaidByCard => conflict("order.paid_by_card"),
            FulfilmentError::TooLateToCancel { stage } => {
                conflict("order.too_late_to_cancel").with("stage", stage).with("instead", "refund")
            }
            FulfilmentError::Undecided => conflict("order.changed"),
            FulfilmentError::Order(cause) => cause.into(),
            FulfilmentError::Checkout(cause) => cause.into(),
            FulfilmentError::Payment(cause) => cause.into(),
            FulfilmentError::Refund(cause) => cause.into(),
            FulfilmentError::Database(cause) => Problem::database(cause),
        }
    }
}
