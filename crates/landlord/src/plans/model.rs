//! What a plan is.

use serde::Serialize;

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FeatureKind {
    /// On or off.
    Switch,
    /// At most so many.
    Limit,
    /// Counted and paid for.
    Metered,
}

/// A plan on offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanView {
    /// Its name in requests.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What it costs each interval.
    pub price_minor: i64,
    /// What the price is in.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
    /// How long it is free at first.
    pub trial_days: u32,
    /// What it grants.
    pub features: Vec<FeatureView>,
}

/// A feature as a plan grants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FeatureView {
    /// Its code, such as `max_products`.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What kind it is.
    pub kind: FeatureKind,
    /// Off means: not at all, whatever the limit says.
    pub enabled: bool,
    /// The most that may be used; null is unlimited.
    pub limit: Option<i64>,
}
