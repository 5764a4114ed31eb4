//! Why somebody cannot log in.

use axum::http::StatusCode;
use kernel::problem::{FieldError, Problem};

use super::{HashError, NotAnEmail, Throttled, TokenError, WeakPassword};

/// Why somebody cannot log in.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AccountError {
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("this account has a second factor; send a code of its authenticator, or a recovery code")]
    CodeRequired { challenge: Option<String> },
    #[error("the code is wrong, too old, or was used before")]
    InvalidCode,
    #[error("the challenge is not valid any more; log in again")]
    InvalidChallenge,
    #[error("there is no second factor")]
    NoFactor,
    #[error("there is a second factor already; disable it first")]
    FactorExists,
    #[error("platform admins need their second factor")]
    FactorObligatory,
    #[error("the link is not valid any more; ask for a new one")]
    InvalidToken,
    #[error("another account has this e-mail address")]
    EmailTaken,
    #[error("enough mails of this kind were sent within the last hour; the last one still holds")]
    TooManyLetters,
    #[error("there is no such account or session")]
    NotFound,
    #[error("the refresh token is not valid; log in again")]
    InvalidRefreshToken,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    #[error(transparent)]
    Password(#[from] WeakPassword),
    #[error(transparent)]
    NewPassword(WeakPassword),
    #[error("the password could not be checked")]
    Hash(#[from] HashError),
    #[error("the token could not be made")]
    Token(#[from] TokenError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::InvalidCredentials => {
                Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid_credentials", error)
            }
            AccountError::WrongPassword => Problem::new(StatusCode::FORBIDDEN, "auth.wrong_password", error),
            AccountError::CodeRequired { ref challenge } => {
                let problem = Problem::new(StatusCode::UNAUTHORIZED, "auth.second_factor_required", &error);
                match challenge {
                    Some(challenge) => problem.with("challenge", challenge.as_str()).with("expires_in", 300),
                    None => problem,
                }
            }
            AccountError::InvalidCode => Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid_code", error),
            AccountError::InvalidChallenge => Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid_challenge", error),
            AccountError::NoFactor => Problem::new(StatusCode::CONFLICT, "second_factor.none", error),
            AccountError::FactorExists => Problem::new(StatusCode::CONFLICT, "second_factor.exists", error),
            AccountError::FactorObligatory => Problem::new(StatusCode::FORBIDDEN, "second_factor.obligatory", error),
            AccountError::InvalidToken => Problem::new(StatusCode::BAD_REQUEST, "token.invalid", error),
            AccountError::EmailTaken => Problem::new(StatusCode::CONFLICT, "email.taken", error),
            AccountError::TooManyLetters => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "mail.too_many", error).retry_after(3600)
            }
            AccountError::NotFound => Problem::not_found("object"),
            AccountError::InvalidRefreshToken => {
                Problem::new(StatusCode::UNAUTHORIZED, "auth.invalid_refresh_token", error)
            }
            AccountError::Throttled(throttled) => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "auth.throttled", throttled).retry_after(throttled.seconds)
            }
            AccountError::Email(wrong) => refused(FieldError::new("email", "email.invalid", wrong.to_string())),
            AccountError::Password(weak) => refused(FieldError::new("password", weak.code(), weak.to_string())),
            AccountError::NewPassword(weak) => refused(FieldError::new("new_password", weak.code(), weak.to_string())),
            AccountError::Hash(HashError::Busy) => Problem::unavailable(HashError::Busy),
            AccountError::Hash(cause @ (HashError::Argon(_) | HashError::Settings(_) | HashError::Ended(_))) => {
                Problem::internal(cause)
            }
            AccountError::Token(cause) => Problem::internal(cause),
            AccountError::Database(cause) => Problem::database(cause),
        }
    }
}

fn refused(error: FieldError) -> Problem {
    Problem { code: error.code, ..Problem::invalid(vec![error]) }
}
