//! List the plans on offer.

use std::collections::HashMap;

use kernel::db::LandlordTx;

use super::db::{self, Offer};
use super::{FeatureView, PlanView};

/// All plans on offer with everything they grant. `trial_days` is for those that do not say.
pub async fn list(tx: &mut LandlordTx, trial_days: u32) -> sqlx::Result<Vec<PlanView>> {
    let offers = db::offers(tx).await?;
    let mut features: HashMap<String, Vec<FeatureView>> = HashMap::new();
    for row in db::granted(tx).await? {
        let view = FeatureView {
            code: row.feature,
            name: row.name,
            kind: row.kind,
            enabled: row.enabled,
            limit: row.limit_value,
        };
        features.entry(row.plan).or_default().push(view);
    }
    let plan = |offer: Offer| PlanView {
        features: features.remove(&offer.code).unwrap_or_default(),
        trial_days: offer.trial_days(trial_days),
        code: offer.code,
        name: offer.name,
        price_minor: offer.price_minor,
        currency: offer.currency,
        interval: offer.interval,
    };
    Ok(offers.into_iter().map(plan).collect())
}

/// The plan with this code, or the first one, if it is on offer.
pub async fn on_offer(tx: &mut LandlordTx, code: Option<&str>) -> sqlx::Result<Option<Offer>> {
    // PostgreSQL's text cannot hold it, and no plan is called so.
    if code.is_some_and(|code| code.contains('\0')) {
        return Ok(None);
    }
    db::offer(tx, code).await
}
