//! Why billing does not do what was asked.

use axum::http::StatusCode;
use kernel::idempotency;
use kernel::problem::{FieldError, Problem};
use stripe_gateway::GatewayError;

use crate::idempotency::Failure;
use crate::plans::SyncError;
use crate::subscriptions::ChangePlanError;

/// Why billing does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BillingError {
    #[error("there is no such store")]
    NotFound,
    #[error("only an owner of the store may see and change what it pays")]
    NotOwner,
    #[error("there is no such plan on offer, or not by that interval")]
    UnknownPlan,
    #[error("the store is not subscribed; subscribe first")]
    NoSubscription,
    #[error("the store is subscribed; change the plan instead")]
    AlreadySubscribed,
    #[error("the store has this plan already, and keeps it")]
    SamePlan,
    #[error("a change between monthly and yearly payment happens at once; leave `when` out")]
    IntervalChangesNow,
    #[error("a payment is due; it must be paid before the plan can be changed")]
    PaymentDue,
    #[error("the subscription is going to end already")]
    AlreadyEnding,
    #[error("the subscription is not going to end")]
    NotEnding,
    #[error("the card was declined: {message}")]
    Declined { code: String, message: String },
    #[error("must be a path on the platform's own host, such as /billing")]
    ReturnPath,
    #[error("must be from 0 to 365")]
    Day,
    #[error("the first request with this key is still running")]
    InProgress,
    #[error("the payment provider: {0}")]
    Provider(GatewayError),
    #[error("the answer could not be written: {}", .0.detail)]
    Answer(Box<Problem>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<GatewayError> for BillingError {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Declined { code, message } => Self::Declined { code, message },
            GatewayError::Rejected { status: 402, code, message } => Self::Declined { code, message },
            GatewayError::Rejected { .. } | GatewayError::Unknown { .. } | GatewayError::Unavailable { .. } => {
                Self::Provider(error)
            }
        }
    }
}

impl From<SyncError> for BillingError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Provider(error) => error.into(),
            SyncError::Database(error) => error.into(),
        }
    }
}

impl From<ChangePlanError> for BillingError {
    fn from(error: ChangePlanError) -> Self {
        match error {
            ChangePlanError::UnknownPlan => Self::UnknownPlan,
            ChangePlanError::UnknownTenant => Self::NotFound,
            ChangePlanError::Database(error) => error.into(),
        }
    }
}

impl From<Problem> for BillingError {
    fn from(problem: Problem) -> Self {
        Self::Answer(Box::new(problem))
    }
}

impl Failure for BillingError {
    fn is_outcome(&self) -> bool {
        match self {
            Self::NoSubscription
            | Self::AlreadySubscribed
            | Self::SamePlan
            | Self::PaymentDue
            | Self::AlreadyEnding
            | Self::NotEnding
            | Self::Declined { .. } => true,
            Self::NotFound
            | Self::NotOwner
            | Self::UnknownPlan
            | Self::IntervalChangesNow
            | Self::ReturnPath
            | Self::Day
            | Self::InProgress
            | Self::Provider(_)
            | Self::Answer(_)
            | Self::Database(_) => false,
        }
    }
}

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Self {
        let conflict = |code, error: BillingError| Problem::new(StatusCode::CONFLICT, code, error);
        let field = |field: &str, code, error: &BillingError| {
            let errors = vec![FieldError::new(field, code, error.to_string())];
            Problem { code, ..Problem::invalid(errors) }
        };
        match error {
            BillingError::NotFound => Problem::not_found("store"),
            BillingError::NotOwner => Problem::new(StatusCode::FORBIDDEN, "auth.forbidden", error),
            BillingError::UnknownPlan => field("plan", "plan.unknown", &error),
            BillingError::NoSubscription => conflict("billing.no_subscription", error),
            BillingError::AlreadySubscribed => conflict("billing.already_subscribed", error),
            BillingError::SamePlan => conflict("billing.same_plan", error),
            BillingError::IntervalChangesNow => field("when", "billing.interval_changes_now", &error),
            BillingError::PaymentDue => conflict("billing.payment_due", error),
            BillingError::AlreadyEnding => conflict("billing.already_ending", error),
            BillingError::NotEnding => conflict("billing.not_ending", error),
            BillingError::Declined { ref code, .. } => {
                let code = code.clone();
                let mut problem = Problem::new(StatusCode::PAYMENT_REQUIRED, "billing.payment_failed", error);
                problem.members.insert("decline_code".to_owned(), code.into());
                problem
            }
            BillingError::ReturnPath => field("return_path", "billing.return_path_invalid", &error),
            BillingError::Day => Problem::invalid_query("day", error.to_string()),
            BillingError::InProgress => idempotency::in_progress(),
            BillingError::Provider(error) => provider(error),
            BillingError::Answer(problem) => *problem,
            BillingError::Database(cause) => Problem::database(cause),
        }
    }
}

fn provider(error: GatewayError) -> Problem {
    let problem = |retry_after: u64| {
        let detail = "the payment provider does not answer at the moment; nothing is lost, try again with the same key";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "billing.provider_unavailable", detail).retry_after(retry_after)
    };
    match &error {
        GatewayError::Unavailable { retry_after } => problem(retry_after.as_secs().max(1)),
        GatewayError::Unknown { .. } => problem(2),
        GatewayError::Declined { .. } | GatewayError::Rejected { .. } => {
            tracing::error!(event = "billing.provider_refused", %error, "the payment provider refused what should be right");
            problem(60)
        }
    }
}
