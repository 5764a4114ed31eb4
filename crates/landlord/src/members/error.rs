//! Why the staff of a store stays as it is.

use axum::http::StatusCode;
use kernel::problem::Problem;
use kernel::role::Role;

use crate::accounts::AccountError;

/// Why the staff of a store stays as it is.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MemberError {
    #[error("there is no such member")]
    NotFound,
    #[error("a store needs an owner; make somebody else owner first")]
    LastOwner,
    #[error("your role, {}, does not decide over the role {}", .0.name(), .1.name())]
    Above(Role, Role),
    #[error("this account has a role in the store already")]
    Member,
    #[error("the plan allows {limit} staff accounts, invitations included, and {used} are taken")]
    LimitReached { limit: i64, used: i64, plan: Option<String> },
    #[error("only an owner can give a store away")]
    NotOwner,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<MemberError> for Problem {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotFound => Problem::not_found("member"),
            MemberError::LastOwner => Problem::new(StatusCode::CONFLICT, "staff.last_owner", error),
            MemberError::Above(..) => Problem::new(StatusCode::FORBIDDEN, "staff.role_above", error),
            MemberError::Member => Problem::new(StatusCode::CONFLICT, "staff.member", error),
            MemberError::LimitReached { limit, used, ref plan } => {
                let plan = plan.clone();
                Problem::new(StatusCode::FORBIDDEN, "limit.reached", &error)
                    .with("feature", "max_staff")
                    .with("limit", limit)
                    .with("used", used)
                    .with("plan", plan)
            }
            MemberError::NotOwner => Problem::new(StatusCode::FORBIDDEN, "auth.forbidden", error),
            MemberError::Account(error) => error.into(),
            MemberError::Database(cause) => Problem::database(cause),
        }
    }
}
