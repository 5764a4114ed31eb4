//! Why a checkout cannot do what was asked.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use crate::orders::OrderError;
use crate::payments::PaymentError;
use crate::refunds::RefundError;

/// Why a checkout cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CheckoutError {
    #[error("there is no such checkout")]
    NotFound,
    #[error("the checkout has ended: it is {0}")]
    Ended(&'static str),
    #[error("so many checkouts of this store are waiting that this one was turned away")]
    QueueFull,
    #[error("the slice of checkouts came to no end")]
    Interrupted,
    #[error("nobody has to look at this order")]
    NotUnderReview,
    #[error("the order has been looked at: it was {0}")]
    Reviewed(&'static str),
    #[error("a person has still to approve the order")]
    UnderReview,
    #[error("the store's sums came out wrong")]
    Inconsistent(&'static str),
    #[error("the order refused")]
    Order(#[from] OrderError),
    #[error("the payment refused")]
    Payment(#[from] PaymentError),
    #[error("the refund: {0}")]
    Refund(#[from] RefundError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::NotFound => Problem::not_found("checkout"),
            CheckoutError::Ended(status) => {
                Problem::new(StatusCode::CONFLICT, "checkout.ended", &error).with("checkout_status", status)
            }
            CheckoutError::QueueFull => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "checkout.queue_full", error).retry_after(1)
            }
            CheckoutError::UnderReview => Problem::new(StatusCode::CONFLICT, "order.under_review", error),
            CheckoutError::Interrupted => Problem::unavailable(error),
            CheckoutError::NotUnderReview => Problem::new(StatusCode::CONFLICT, "order.not_under_review", error),
            CheckoutError::Reviewed(word) => {
                Problem::new(StatusCode::CONFLICT, "order.reviewed", &error).with("review", word)
            }
            CheckoutError::Inconsistent(_) => Problem::internal(error),
            CheckoutError::Order(cause) => cause.into(),
            CheckoutError::Payment(cause) => cause.into(),
            CheckoutError::Refund(cause) => cause.into(),
            CheckoutError::Database(cause) => Problem::database(cause),
        }
    }
}

/// 422: everything that is wrong with a checkout, at once.
pub(super) fn invalid(errors: Vec<FieldError>) -> Problem {
    let count = errors.len();
    let detail = match errors.as_slice() {
        [one] => one.message.clone(),
        _ => format!("{count} things are wrong with this checkout; see `errors`"),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "checkout.invalid", detail).with_errors(errors)
}

/// 409: there is less in stock than the cart asks for, and nothing else is wrong.
pub(super) fn insufficient_stock(errors: Vec<FieldError>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "stock.insufficient", "there is not enough in stock").with_errors(errors)
}
