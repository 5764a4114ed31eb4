//! Open levels for new variants, and lock them.

use std::collections::HashMap;

use kernel::db::TenantTx;

use super::{Level, db};
use crate::catalog::VariantId;

/// Makes a level of nothing for each new variant.
pub async fn open_levels(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<()> {
    db::insert_levels(tx, ids).await
}

/// Locks levels by ascending variant id until the transaction ends. Variants that never existed are not in the answer.
pub async fn lock_levels(tx: &mut TenantTx, ids: &[VariantId]) -> sqlx::Result<HashMap<VariantId, Level>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    db::lock_levels(tx, ids).await
}
