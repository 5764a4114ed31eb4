//! Why a call to Stripe did not give an answer, sorted by what may have happened over there.

use std::time::Duration;

/// Why a call gave no object. The caller's next step follows from the variant alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The card's issuer said no. Nothing was charged.
    #[error("the payment was declined ({code}): {message}")]
    Declined {
        /// The decline code when there is one, otherwise Stripe's error code.
        code: String,
        /// Stripe's words, fit for the shopper.
        message: String,
    },
    /// A definite 4xx: nothing happened, and asking again will not help.
    #[error("Stripe refused with {status} ({code}): {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// Stripe's error code, or its error type when it gives no code.
        code: String,
        /// Stripe's words, fit for staff.
        message: String,
    },
    /// No definite answer within the time allowed: it may have happened.
    #[error("Stripe gave no definite answer: {reason}")]
    Unknown {
        /// What was seen last.
        reason: String,
        /// Is it what Stripe told an earlier request with the same key? Then nothing is under way under that key any
        /// more, and nothing ever will be.
        remembered: bool,
    },
    /// Nothing reached Stripe, or Stripe turned it away unread: certainly nothing happened.
    #[error("Stripe is unavailable; try again in {retry_after:?}")]
    Unavailable {
        /// How long to wait before trying again.
        retry_after: Duration,
    },
}

impl GatewayError {
    /// No definite answer, for this reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown { reason: reason.into(), remembered: false }
    }

    /// A refusal made on this side, before anything was sent.
    pub(crate) fn unsendable(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self::Rejected { status, code: code.to_owned(), message: message.into() }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The key is empty or holds characters no header may hold.
    #[error("the Stripe secret key is empty or malformed")]
    Key,
    /// The base address is not `http(s)://authority`.
    #[error("the Stripe address {0:?} is not http:// or https:// with a host and no path")]
    Base(String),
}
