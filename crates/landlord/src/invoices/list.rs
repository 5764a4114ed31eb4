//! A store's invoices.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;

use super::{InvoiceView, db};

/// Newest first, those before this one.
pub async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    before: Option<(DateTime<Utc>, String)>,
    limit: i64,
) -> sqlx::Result<Vec<InvoiceView>> {
    db::list(tx, tenant, before, limit).await
}

/// The oldest one that is to be paid.
pub async fn open_of(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<InvoiceView>> {
    db::open_of(tx, tenant).await
}
