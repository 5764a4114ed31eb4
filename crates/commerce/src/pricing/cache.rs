//! A store's rules, remembered by the process.

use std::sync::{Arc, PoisonError, RwLock};

use kernel::db::TenantTx;

use super::{Rules, db};
use crate::shop::Shop;

/// The rules of one store as this process last read them.
#[derive(Debug, Default)]
pub struct RulesCache(RwLock<Option<Arc<Rules>>>);

impl RulesCache {
    fn get(&self, version: i64) -> Option<Arc<Rules>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|rules| rules.version == version).cloned()
    }

    fn put(&self, rules: &Arc<Rules>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(rules.clone());
    }
}

/// The store's rules as of `store_state.pricing_version`, which the caller has read: without a statement when they are
/// known. Whoever holds the store's lock gets exactly these; without it, a change that is made meanwhile may be seen
/// already, and the next one to ask reads anew.
pub async fn rules(tx: &mut TenantTx, shop: &Shop, version: i64) -> sqlx::Result<Arc<Rules>> {
    if let Some(rules) = shop.rules.get(version) {
        return Ok(rules);
    }
    let rules = Arc::new(Rules {
        version,
        promotions: db::rules::promotions(tx).await?,
        tax_rates: db::rules::tax_rates(tx).await?,
        shipping_methods: db::rules::shipping_methods(tx).await?,
    });
    shop.rules.put(&rules);
    Ok(rules)
}
