//! What a tenant may do now: the features its plan grants, overrides applied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A feature as granted to one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Off means: not at all, whatever the limit says.
    pub enabled: bool,
    /// The most that may be used; `None` is unlimited.
    pub limit: Option<i64>,
    /// The other plans' limits, cheapest plan first, for telling a merchant what would allow more.
    #[serde(default)]
    pub upgrades: Vec<Upgrade>,
}

/// What a dearer plan would grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// Code of the plan.
    pub plan: String,
    /// Its limit; `None` is unlimited.
    pub limit: Option<i64>,
}

/// All features of one tenant by code, such as `max_products`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlements(pub BTreeMap<String, Feature>);

/// How much of a feature may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// As much as one likes; nothing is counted.
    Unlimited,
    /// At most so many. Zero when the feature is off or unknown: deny by default.
    UpTo(i64),
}

impl Entitlements {
    /// Is the feature on?
    pub fn has(&self, code: &str) -> bool {
        self.0.get(code).is_some_and(|feature| feature.enabled)
    }

    /// How much of the feature may be used.
    pub fn allowance(&self, code: &str) -> Allowance {
        match self.0.get(code) {
            Some(Feature { enabled: true, limit: None, .. }) => Allowance::Unlimited,
            Some(Feature { enabled: true, limit: Some(limit), .. }) => Allowance::UpTo(*limit),
            Some(Feature { enabled: false, .. }) | None => Allowance::UpTo(0),
        }
    }

    /// The cheapest plan under which one more than `used` is allowed.
    pub fn plan_allowing(&self, code: &str, used: i64) -> Option<&str> {
        let feature = self.0.get(code)?;
        let upgrade = feature.upgrades.iter().find(|upgrade| upgrade.limit.is_none_or(|limit| limit > used))?;
        Some(&upgrade.plan)
    }
}
