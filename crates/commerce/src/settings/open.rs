//! Give a new store its settings, and read them.

use kernel::db::TenantTx;
use kernel::money::Currency;

use super::{Settings, db};

/// What a store starts with.
#[derive(Debug, Clone)]
pub struct OpenStore {
    /// What shoppers see.
    pub store_name: String,
    /// What prices are in.
    pub currency: Currency,
}

/// Writes the settings of a new store. Doing it again changes nothing.
pub async fn open(tx: &mut TenantTx, store: OpenStore) -> sqlx::Result<()> {
    db::insert(tx, &store.store_name, store.currency).await
}

/// The store's settings.
pub async fn read(tx: &mut TenantTx) -> sqlx::Result<Settings> {
    db::read(tx).await
}
