//! What the provider has not said yet.

use kernel::db::TenantTx;

use crate::orders::OrderId;
use crate::payments::{Locked, PaymentError, PaymentId};

/// Counts an answer that said nothing.
pub(in crate::payments) async fn note_unknown(tx: &mut TenantTx, id: PaymentId) -> Result<(), PaymentError> {
    sqlx::query!(
        "update payments
         set status = case when status = 'created' then 'unknown' else status end, asks = asks + 1,
             unknown_since = coalesce(unknown_since, now()), updated_at = now()
         where id = $1",
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a search found nothing. True when one had found nothing before, long enough ago to be certain.
pub(in crate::payments) async fn note_absent(tx: &mut TenantTx, id: PaymentId) -> Result<bool, PaymentError> {
    let certain = sqlx::query_scalar!(
        r#"update payments set absent_since = coalesce(absent_since, now()), updated_at = now()
           where id = $1 and provider_ref is null
           returning absent_since <= now() - interval '20 seconds' as "certain!""#,
        id.0,
    );
    Ok(certain.fetch_optional(tx.conn()).await?.unwrap_or(false))
}

/// Has the provider know the payment by another key. Of two who try at once one does.
pub(in crate::payments) async fn renew_key(tx: &mut TenantTx, payment: &Locked, key: &str) -> Result<(), PaymentError> {
    sqlx::query!(
        "update payments set provider_key = $3, asks = 0, absent_since = null, updated_at = now()
         where id = $1 and provider_key = $2 and provider_ref is null",
        payment.id.0,
        payment.provider_key,
        key,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks a payment that has not been decided for an hour, once. Was it this one's turn?
pub async fn flag_undecided(tx: &mut TenantTx, id: PaymentId) -> Result<bool, PaymentError> {
    let done = sqlx::query!(
        "update payments set flag = 'undecided', updated_at = now()
         where id = $1 and flag is null and unknown_since <= now() - interval '1 hour'",
        id.0,
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Payments that have not been decided for an hour and are not marked, with their orders.
pub async fn undecided_for_an_hour(tx: &mut TenantTx, limit: i64) -> Result<Vec<(PaymentId, OrderId)>, PaymentError> {
    let rows = sqlx::query!(
        r#"select id as "id: PaymentId", order_id as "order_id: OrderId" from payments
           where status in ('created', 'processing', 'requires_action', 'unknown', 'authorized') and flag is null
             and unknown_since <= now() - interval '1 hour'
           order by updated_at limit $1"#,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.order_id)).collect())
}
