//! Who may give how much back without a second person.

use std::collections::BTreeMap;

use kernel::db::TenantTx;
use kernel::money::Currency;

use super::RefundError;
use crate::access::Role;
use crate::settings;
use crate::shop::{RefundDefaults, Shop};

/// The feature that makes limits count: a plan without it leaves refunds to whoever may ask for them.
const FEATURE: &str = "refund_approval";

/// Who asks for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody of the staff.
    Staff(Role),
    /// Whoever holds the order's secret.
    Shopper,
}

/// Is it approved at once?
pub(super) async fn at_once(
    tx: &mut TenantTx,
    shop: &Shop,
    asker: Asker,
    amount_minor: i64,
) -> Result<bool, RefundError> {
    let role = match asker {
        Asker::Shopper => return Ok(false),
        Asker::Staff(role) => role,
    };
    if !shop.entitlements.has(FEATURE) {
        return Ok(true);
    }
    let set = settings::read(tx).await?.refund_approval_minor;
    Ok(limit(role, &set, shop.platform.refunds, shop.currency).is_none_or(|limit| amount_minor <= limit))
}

/// What a role may give back alone, in minor units; `None`: anything.
fn limit(role: Role, set: &BTreeMap<String, i64>, defaults: RefundDefaults, currency: Currency) -> Option<i64> {
    let unit = 10i64.pow(u32::from(currency.decimals()));
    let whole = |units: Option<u32>| units.map(|units| i64::from(units).saturating_mul(unit));
    let default = match role {
        Role::Owner => return None,
        Role::Manager => whole(defaults.manager_up_to),
        Role::Support => whole(defaults.support_up_to),
        Role::Fulfilment | Role::Viewer => Some(0),
    };
    set.get(role.name()).copied().map_or(default, Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_s_word_counts_before_the_platform_s_and_the_owner_has_no_limit() {
        let defaults = RefundDefaults { support_up_to: Some(5), manager_up_to: None };
        let set = BTreeMap::from([("support".to_owned(), 700), ("owner".to_owned(), 1)]);
        let euro: Currency = "EUR".parse().unwrap();
        assert_eq!(limit(Role::Owner, &set, defaults, euro), None);
        assert_eq!(limit(Role::Manager, &set, defaults, euro), None);
        assert_eq!(limit(Role::Support, &set, defaults, euro), Some(700));
        assert_eq!(limit(Role::Viewer, &set, defaults, euro), Some(0));
        for (currency, minor) in [("EUR", 500), ("JPY", 5), ("BHD", 5000)] {
            let limit = limit(Role::Support, &BTreeMap::new(), defaults, currency.parse().unwrap());
            assert_eq!(limit, Some(minor), "{currency}");
        }
    }
}
