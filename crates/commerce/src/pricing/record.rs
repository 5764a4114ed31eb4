//! What belongs to every change of a rule.

use kernel::db::TenantTx;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::activity::{self, Act};
use crate::settings;
use crate::shop::Shop;

/// A change of one rule.
pub(super) struct Changed<'a, T> {
    pub(super) action: &'static str,
    pub(super) entity_type: &'static str,
    pub(super) id: Uuid,
    pub(super) before: Option<&'a T>,
    pub(super) after: Option<&'a T>,
}

/// Makes cached rules stale and notes the act. The store must be locked.
pub(super) async fn record<T: Serialize>(tx: &mut TenantTx, shop: &Shop, changed: &Changed<'_, T>) -> sqlx::Result<()> {
    settings::bump_pricing(tx).await?;
    let act = Act {
        action: changed.action,
        entity_type: changed.entity_type,
        entity_id: changed.id,
        before: changed.before.map(|before| json!(before)),
        after: changed.after.map(|after| json!(after)),
    };
    activity::note(tx, shop, &act).await
}
