//! Money that bought nothing, and intents too many.

use kernel::db::TenantTx;

use crate::payments::{Locked, PaymentError, PaymentId, Report};

/// The payment bought nothing.
pub(in crate::payments) async fn set_surplus(
    tx: &mut TenantTx,
    payment: &Locked,
    flag: &str,
) -> Result<(), PaymentError> {
    sqlx::query!("update payments set surplus = true, flag = $2, updated_at = now() where id = $1", payment.id.0, flag)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// All that came in is promised back.
pub(in crate::payments) async fn promise_return(tx: &mut TenantTx, payment: &Locked) -> Result<(), PaymentError> {
    sqlx::query!(
        "update payments set refund_pending_minor = captured_minor - refunded_minor, version = version + 1,
                             updated_at = now()
         where id = $1 and surplus",
        payment.id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::payments) async fn owes(tx: &mut TenantTx, id: PaymentId) -> Result<bool, PaymentError> {
    let owes = sqlx::query_scalar!(r#"select refund_pending_minor > 0 as "owes!" from payments where id = $1"#, id.0);
    Ok(owes.fetch_one(tx.conn()).await?)
}

pub(in crate::payments) async fn set_reference(
    tx: &mut TenantTx,
    id: PaymentId,
    reference: &str,
) -> Result<(), PaymentError> {
    sqlx::query!("update payments set reference = $2, updated_at = now() where id = $1", id.0, reference)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What was promised has gone back. False: it had before.
pub(in crate::payments) async fn set_returned(
    tx: &mut TenantTx,
    id: PaymentId,
    reference: Option<&str>,
) -> Result<bool, PaymentError> {
    let done = sqlx::query!(
        "update payments
         set refunded_minor = refunded_minor + refund_pending_minor, refund_pending_minor = 0,
             reference = coalesce($2, reference), flag = null, unknown_since = null, version = version + 1,
             updated_at = now()
         where id = $1 and surplus and refund_pending_minor > 0",
        id.0,
        reference,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// What was promised could not go back; the flag stays for a person to see. False: that was known.
pub(in crate::payments) async fn set_not_returned(tx: &mut TenantTx, id: PaymentId) -> Result<bool, PaymentError> {
    let done = sqlx::query!(
        "update payments set refund_pending_minor = 0, version = version + 1, updated_at = now()
         where id = $1 and surplus and refund_pending_minor > 0",
        id.0,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Writes down an intent too many. False: it was written down before.
pub(in crate::payments) async fn insert_stray(
    tx: &mut TenantTx,
    id: PaymentId,
    beside: &Locked,
    report: &Report,
) -> Result<bool, PaymentError> {
    let done = sqlx::query!(
        "insert into payments (id, order_id, provider, status, attempt, amount_minor, currency, account, provider_key,
                               provider_ref, capture, flag, surplus, version)
         values ($1, $2, 'stripe', 'cancelled', $3, $4, $5, $6, 'stray-' || $7, $7, $8, 'another_intent', true, 1)
         on conflict do nothing",
        id.0,
        beside.order_id,
        beside.attempt,
        report.amount_minor,
        beside.currency,
        beside.account,
        report.provider_ref,
        beside.capture.name(),
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}
