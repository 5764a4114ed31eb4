//! Note what staff did.

use kernel::db::TenantTx;
use serde_json::{Value, json};
use uuid::Uuid;

use super::db;
use crate::shop::Shop;

/// One act on one object.
#[derive(Debug)]
pub struct Act {
    /// Such as `product.updated`.
    pub action: &'static str,
    /// Such as `product`.
    pub entity_type: &'static str,
    /// Which one.
    pub entity_id: Uuid,
    /// How it was; `None` when it is new.
    pub before: Option<Value>,
    /// How it is; `None` when it is gone.
    pub after: Option<Value>,
}

/// Writes the row.
pub async fn note(tx: &mut TenantTx, shop: &Shop, act: &Act) -> sqlx::Result<()> {
    db::insert(tx, act, &json!(shop.origin.actor), &shop.origin.request_id).await
}
