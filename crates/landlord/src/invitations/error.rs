//! Why an invitation is not made or not accepted.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use crate::accounts::AccountError;
use crate::members::MemberError;

/// Why an invitation is not made or not accepted.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum InvitationError {
    #[error("there is no such invitation")]
    NotFound,
    #[error("there is an open invitation to this address; resend or revoke it")]
    Open,
    #[error("ownership is given by a transfer, not by an invitation")]
    Owner,
    #[error("the invitation was accepted or revoked")]
    Over,
    #[error("enough letters were sent for this invitation")]
    TooManyLetters,
    #[error("the link is not valid any more; ask for another invitation")]
    InvalidToken,
    #[error("there is an account with this address; log in with it and accept again")]
    LoginRequired,
    #[error("this invitation is for another address than your account's")]
    OtherAddress,
    #[error("choose a password for the new account")]
    PasswordMissing,
    #[error(transparent)]
    Member(#[from] MemberError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::NotFound => Problem::not_found("invitation"),
            InvitationError::Open => Problem::new(StatusCode::CONFLICT, "invitation.open", error),
            InvitationError::Owner => {
                Problem::invalid(vec![FieldError::new("role", "invitation.owner", error.to_string())])
            }
            InvitationError::Over => Problem::new(StatusCode::CONFLICT, "invitation.over", error),
            InvitationError::TooManyLetters => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "mail.too_many", error).retry_after(3600)
            }
            InvitationError::InvalidToken => Problem::new(StatusCode::BAD_REQUEST, "token.invalid", error),
            InvitationError::LoginRequired => Problem::new(StatusCode::CONFLICT, "account.exists", error),
            InvitationError::OtherAddress => Problem::new(StatusCode::FORBIDDEN, "invitation.other_address", error),
            InvitationError::PasswordMissing => {
                Problem::invalid(vec![FieldError::new("password", "password.required", error.to_string())])
            }
            InvitationError::Member(error) => error.into(),
            InvitationError::Account(error) => error.into(),
            InvitationError::Database(cause) => Problem::database(cause),
        }
    }
}
