//! What a tenant is entitled to now.

use std::collections::BTreeMap;

use kernel::db::LandlordDb;
use kernel::entitlements::{Entitlements, Feature, Upgrade};
use kernel::id::TenantId;

use super::FeatureKind;
use super::db::{self, Entitled, Rung};

/// The features of the tenant's plan, with the overrides that have not expired. For limits also what the other plans
/// on offer allow, the cheapest first. Worth keeping under the tenant's version for as long as an override may outlive
/// its time.
pub async fn entitlements(landlord: &LandlordDb, tenant: TenantId) -> sqlx::Result<Entitlements> {
    let mut tx = landlord.begin().await?;
    let entitled = db::entitled(&mut tx, tenant).await?;
    let rungs = db::rungs(&mut tx, tenant).await?;
    tx.commit().await?;
    Ok(combine(entitled, rungs))
}

fn combine(entitled: Vec<Entitled>, rungs: Vec<Rung>) -> Entitlements {
    let mut features: BTreeMap<String, Feature> = BTreeMap::new();
    let mut limits = Vec::new();
    for row in entitled {
        if row.kind == FeatureKind::Limit {
            limits.push(row.feature.clone());
        }
        let (enabled, limit) = match row.overridden {
            Some(enabled) => (enabled, row.override_limit),
            None => (row.granted.unwrap_or(false), row.plan_limit),
        };
        features.insert(row.feature, Feature { enabled, limit, upgrades: Vec::new() });
    }
    for rung in rungs.into_iter().filter(|rung| limits.contains(&rung.feature)) {
        if let Some(feature) = features.get_mut(&rung.feature) {
            feature.upgrades.push(Upgrade { plan: rung.plan, limit: rung.limit_value });
        }
    }
    Entitlements(features)
}

#[cfg(test)]
mod tests {
    use kernel::entitlements::Allowance;

    use super::*;

    fn entitled(feature: &str, kind: FeatureKind, granted: Option<bool>, limit: Option<i64>) -> Entitled {
        Entitled {
            feature: feature.to_owned(),
            kind,
            granted,
            plan_limit: limit,
            overridden: None,
            override_limit: None,
        }
    }

    fn rung(feature: &str, plan: &str, limit_value: Option<i64>) -> Rung {
        Rung { feature: feature.to_owned(), plan: plan.to_owned(), limit_value }
    }

    #[test]
    fn a_plan_grants_what_it_names_and_nothing_else() {
        let granted = combine(
            vec![
                entitled("max_products", FeatureKind::Limit, Some(true), Some(100)),
                entitled("webhooks", FeatureKind::Switch, Some(true), None),
                entitled("reports", FeatureKind::Switch, Some(false), None),
                entitled("brand_new", FeatureKind::Limit, None, None),
            ],
            vec![],
        );
        assert_eq!(granted.allowance("max_products"), Allowance::UpTo(100));
        assert!(granted.has("webhooks"));
        assert!(!granted.has("reports"));
        assert_eq!(granted.allowance("brand_new"), Allowance::UpTo(0), "no plan says anything");
        assert_eq!(granted.allowance("unheard_of"), Allowance::UpTo(0));
    }

    #[test]
    fn an_override_replaces_switch_and_limit_together() {
        let mut more = entitled("max_products", FeatureKind::Limit, Some(true), Some(100));
        (more.overridden, more.override_limit) = (Some(true), Some(250));
        let mut unlimited = entitled("max_staff", FeatureKind::Limit, Some(true), Some(2));
        unlimited.overridden = Some(true);
        let mut off = entitled("webhooks", FeatureKind::Switch, Some(true), None);
        off.overridden = Some(false);
        let mut on = entitled("reports", FeatureKind::Switch, None, None);
        on.overridden = Some(true);
        let granted = combine(vec![more, unlimited, off, on], vec![]);
        assert_eq!(granted.allowance("max_products"), Allowance::UpTo(250));
        assert_eq!(granted.allowance("max_staff"), Allowance::Unlimited);
        assert!(!granted.has("webhooks"));
        assert!(granted.has("reports"));
    }

    #[test]
    fn a_limit_knows_which_plan_allows_more() {
        let granted = combine(
            vec![
                entitled("max_products", FeatureKind::Limit, Some(true), Some(100)),
                entitled("webhooks", FeatureKind::Switch, Some(true), None),
            ],
            vec![
                rung("max_products", "growth", Some(5000)),
                rung("max_products", "scale", None),
                rung("webhooks", "growth", None),
            ],
        );
        assert_eq!(granted.plan_allowing("max_products", 100), Some("growth"));
        assert_eq!(granted.plan_allowing("max_products", 5000), Some("scale"));
        assert!(granted.0["webhooks"].upgrades.is_empty(), "a switch has no ladder");
    }
}
