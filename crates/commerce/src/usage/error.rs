//! The limit of the plan.

use axum::http::StatusCode;
use kernel::problem::Problem;

/// No more of this feature on the present plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan allows {limit} ({feature}), and {used} are used")]
pub struct LimitReached {
    /// Code of the feature.
    pub feature: &'static str,
    /// How much is allowed.
    pub limit: i64,
    /// How much is used.
    pub used: i64,
    /// The cheapest plan that allows one more.
    pub plan: Option<String>,
}

impl From<LimitReached> for Problem {
    fn from(error: LimitReached) -> Self {
        Problem::new(StatusCode::FORBIDDEN, "limit.reached", &error)
            .with("feature", error.feature)
            .with("limit", error.limit)
            .with("used", error.used)
            .with("plan", error.plan)
    }
}
