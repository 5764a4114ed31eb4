//! Why a payment cannot do what was asked.

use axum::http::StatusCode;
use kernel::problem::Problem;
use stripe_gateway::GatewayError;

use crate::orders::OrderError;

/// Why a payment cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PaymentError {
    #[error("there is no such payment")]
    NotFound,
    #[error("the payment changed while this request was running")]
    Changed,
    #[error("an event with this id was received before, with another body")]
    OtherBody,
    #[error("more would be given back than was captured")]
    RefundsExceed,
    #[error("the payment holds no authorised money")]
    NotAuthorized,
    #[error("only a payment that comes by itself, such as a bank transfer, can be marked as paid")]
    NotManual,
    #[error("the provider would not hand over the money that it had promised")]
    CaptureRefused,
    #[error("the order is paid")]
    AlreadyPaid,
    #[error("this store does not take payments of this kind for this order")]
    MethodNotAllowed,
    #[error("there is no such message")]
    NoEvent,
    #[error("the order refused")]
    Order(#[from] OrderError),
    #[error("the payment provider did not decide")]
    Provider(#[from] GatewayError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::NotFound => Problem::not_found("payment"),
            PaymentError::Changed => Problem::new(StatusCode::CONFLICT, "payment.changed", error),
            PaymentError::OtherBody => Problem::new(StatusCode::BAD_REQUEST, "webhook.body_differs", error),
            PaymentError::RefundsExceed => Problem::new(StatusCode::CONFLICT, "refund.exceeds_rest", error),
            PaymentError::NotAuthorized => Problem::new(StatusCode::CONFLICT, "payment.not_authorized", error),
            PaymentError::NotManual => Problem::new(StatusCode::CONFLICT, "payment.not_manual", error),
            PaymentError::CaptureRefused => {
                Problem::new(StatusCode::PAYMENT_REQUIRED, "payment.capture_refused", error)
            }
            PaymentError::AlreadyPaid => Problem::new(StatusCode::CONFLICT, "payment.already_paid", error),
            PaymentError::MethodNotAllowed => Problem::new(StatusCode::CONFLICT, "payment.method_not_allowed", error),
            PaymentError::NoEvent => Problem::not_found("provider event"),
            PaymentError::Order(cause) => cause.into(),
            PaymentError::Provider(cause) => provider(cause),
            PaymentError::Database(cause) => Problem::database(cause),
        }
    }
}

/// The provider is away or undecided: the same request may be sent again, and goes on where it stopped.
fn provider(cause: GatewayError) -> Problem {
    let seconds = match &cause {
        GatewayError::Unavailable { retry_after } => retry_after.as_secs().max(1),
        GatewayError::Unknown { .. } | GatewayError::Declined { .. } | GatewayError::Rejected { .. } => 2,
    };
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "payment.provider_unavailable",
        "the payment provider does not answer for the moment; send the request again with the same Idempotency-Key",
    )
    .retry_after(seconds);
    problem.cause = Some(std::sync::Arc::new(cause));
    problem
}
