//! The states of a subscription: the same as Stripe's. Pure.

use serde::{Deserialize, Serialize};

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SubscriptionStatus {
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Canceled,
    Incomplete,
    Paused,
}

impl SubscriptionStatus {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Trialing, Self::Active, Self::PastDue, Self::Unpaid, Self::Canceled, Self::Incomplete, Self::Paused];

    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Incomplete => "incomplete",
            Self::Paused => "paused",
        }
    }
}
