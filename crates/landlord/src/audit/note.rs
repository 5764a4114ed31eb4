//! Note an act.

use kernel::db::LandlordTx;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use serde_json::{Value, json};

use super::db;

/// One act.
#[derive(Debug)]
pub struct Act {
    /// Such as `tenant.suspended`.
    pub action: &'static str,
    /// Which store it concerns.
    pub tenant: Option<TenantId>,
    /// Which account it concerns.
    pub account: Option<AccountId>,
    /// What else belongs to it. Never a secret.
    pub data: Value,
}

/// Writes the row.
pub async fn note(tx: &mut LandlordTx, origin: &Origin, act: &Act) -> sqlx::Result<()> {
    db::insert(tx, act, &json!(origin.actor), &origin.request_id).await
}
