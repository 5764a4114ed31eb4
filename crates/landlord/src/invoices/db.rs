//! The SQL of invoices.

use chrono::{DateTime, Utc};
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use stripe_gateway::billing::Invoice;

use super::{InvoiceState, InvoiceView};

/// What is told of an invoice only when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: InvoiceState,
    pub(super) attempts: i32,
    pub(super) heard: i64,
}

pub(super) async fn lock(tx: &mut LandlordTx, id: &str) -> sqlx::Result<Option<Seen>> {
    sqlx::query_as!(
        Seen,
        r#"select status as "status: InvoiceState", attempts, heard from invoices where id = $1 for update"#,
        id
    )
    .fetch_optional(tx.conn())
    .await
}

/// False when a higher number was heard, or it is another store's.
pub(super) async fn write(
    tx: &mut LandlordTx,
    tenant: TenantId,
    invoice: &Invoice,
    status: InvoiceState,
    number: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let time = |unix: i64| DateTime::from_timestamp(unix, 0).unwrap_or(DateTime::UNIX_EPOCH);
    let done = sqlx::query!(
        "insert into invoices as kept (id, tenant_id, stripe_subscription, number, status, reason, currency,
             subtotal_minor, tax_minor, total_minor, due_minor, paid_minor, remaining_minor, attempts, next_attempt_at,
             hosted_url, pdf_url, period_start, period_end, created_at, finalized_at, paid_at, heard, mirrored_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24)
         on conflict (id) do update set
             stripe_subscription = excluded.stripe_subscription, number = excluded.number, status = excluded.status,
             reason = excluded.reason, subtotal_minor = excluded.subtotal_minor, tax_minor = excluded.tax_minor,
             total_minor = excluded.total_minor, due_minor = excluded.due_minor, paid_minor = excluded.paid_minor,
             remaining_minor = excluded.remaining_minor, attempts = excluded.attempts,
             next_attempt_at = excluded.next_attempt_at, hosted_url = excluded.hosted_url,
             pdf_url = excluded.pdf_url, period_start = excluded.period_start, period_end = excluded.period_end,
             finalized_at = excluded.finalized_at, paid_at = excluded.paid_at, heard = excluded.heard,
             mirrored_at = excluded.mirrored_at
         where kept.heard < excluded.heard and kept.tenant_id = excluded.tenant_id",
        invoice.id,
        tenant.0,
        invoice.subscription,
        invoice.number,
        status as _,
        invoice.reason,
        invoice.currency,
        invoice.subtotal_minor,
        invoice.tax_minor,
        invoice.total_minor,
        invoice.due_minor,
        invoice.paid_minor,
        invoice.remaining_minor,
        i32::try_from(invoice.attempts).unwrap_or(i32::MAX),
        invoice.next_attempt.map(time),
        invoice.hosted_url,
        invoice.pdf_url,
        time(invoice.period_start),
        time(invoice.period_end),
        time(invoice.created),
        invoice.finalized_at.map(time),
        invoice.paid_at.map(time),
        number,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn forget_draft(tx: &mut LandlordTx, tenant: TenantId, id: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from invoices where id = $1 and tenant_id = $2 and status = 'draft'", id, tenant.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Newest first, those before this one; drafts are nobody's business.
pub(super) async fn list(
    tx: &mut LandlordTx,
    tenant: TenantId,
    before: Option<(DateTime<Utc>, String)>,
    limit: i64,
) -> sqlx::Result<Vec<InvoiceView>> {
    let (at, id) = before.unzip();
    sqlx::query_as!(
        InvoiceView,
        r#"select id, number, status as "status: InvoiceState", reason, currency, subtotal_minor, tax_minor,
               total_minor, due_minor, paid_minor, remaining_minor, attempts, next_attempt_at, hosted_url, pdf_url,
               period_start, period_end, created_at, paid_at
           from invoices
           where tenant_id = $1 and status <> 'draft' and ($2::timestamptz is null or (created_at, id) < ($2, $3))
           order by created_at desc, id desc limit $4"#,
        tenant.0,
        at,
        id,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

/// The oldest that is to be paid.
pub(super) async fn open_of(tx: &mut LandlordTx, tenant: TenantId) -> sqlx::Result<Option<InvoiceView>> {
    sqlx::query_as!(
        InvoiceView,
        r#"select id, number, status as "status: InvoiceState", reason, currency, subtotal_minor, tax_minor,
               total_minor, due_minor, paid_minor, remaining_minor, attempts, next_attempt_at, hosted_url, pdf_url,
               period_start, period_end, created_at, paid_at
           from invoices where tenant_id = $1 and status = 'open' and remaining_minor > 0
           order by created_at, id limit 1"#,
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await
}
