//! Carry over what the provider says of an invoice.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;
use stripe_gateway::billing::{Invoice, InvoiceStatus};

use super::{InvoiceState, db};
use crate::billing::letters;

impl From<InvoiceStatus> for InvoiceState {
    fn from(status: InvoiceStatus) -> Self {
        match status {
            InvoiceStatus::Draft => Self::Draft,
            InvoiceStatus::Open => Self::Open,
            InvoiceStatus::Paid => Self::Paid,
            InvoiceStatus::Uncollectible => Self::Uncollectible,
            InvoiceStatus::Void => Self::Void,
        }
    }
}

/// Carries an invoice over that was asked for under this number of the store's subscription, and tells the owners that it is paid, or could not be collected once more. True when it
/// differs in what is told.
pub async fn mirror(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    invoice: &Invoice,
    number: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let before = db::lock(tx, &invoice.id).await?;
    let status = InvoiceState::from(invoice.status);
    if !db::write(tx, tenant, invoice, status, number, now).await? {
        return Ok(false);
    }
    let was = before.map(|before| before.status);
    if status == InvoiceState::Paid && was != Some(InvoiceState::Paid) && invoice.paid_minor > 0 {
        letters::paid(tx, origin, tenant, invoice).await?;
    }
    let attempts = i32::try_from(invoice.attempts).unwrap_or(i32::MAX);
    let tried_again = before.is_some_and(|before| attempts > before.attempts.max(1));
    if status == InvoiceState::Open && tried_again {
        letters::failed_again(tx, origin, tenant, invoice).await?;
    }
    Ok(was != Some(status) || before.is_some_and(|before| before.attempts != attempts))
}

/// Forgets a draft that is gone over there.
pub async fn forget_draft(tx: &mut LandlordTx, tenant: TenantId, id: &str) -> sqlx::Result<bool> {
    db::forget_draft(tx, tenant, id).await
}
