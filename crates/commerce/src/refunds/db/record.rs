//! Write refunds down.

use kernel::db::TenantTx;
use uuid::Uuid;

use crate::refunds::model::Locked;
use crate::refunds::{RefundError, RefundId, RefundLine};

pub(in crate::refunds) async fn insert(tx: &mut TenantTx, refund: &Locked) -> Result<(), RefundError> {
    let approved = refund.version > 1;
    sqlx::query!(
        "insert into refunds (id, order_id, payment_id, retry_of, status, amount_minor, shipping_minor, currency, reason,
                              requested_by, decided_by, decided_at, provider_key, version, provider_ref, asked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $11 then $10::jsonb end,
                 case when $11 then now() end, $12, $13, $14, case when $5 = 'processing' then now() end)",
        refund.id.0,
        refund.order_id.0,
        refund.payment_id.0,
        refund.retry_of.map(|id| id.0),
        refund.status.name(),
        refund.amount_minor,
        refund.shipping_minor,
        refund.currency,
        refund.reason,
        refund.requested_by,
        approved,
        refund.provider_key,
        refund.version,
        refund.provider_ref,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::refunds) async fn insert_lines(
    tx: &mut TenantTx,
    id: RefundId,
    lines: &[RefundLine],
) -> Result<(), RefundError> {
    if lines.is_empty() {
        return Ok(());
    }
    let items: Vec<Uuid> = lines.iter().map(|line| line.order_item_id.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount_minor).collect();
    let discounts: Vec<i64> = lines.iter().map(|line| line.discount_minor).collect();
    let taxes: Vec<i64> = lines.iter().map(|line| line.tax_minor).collect();
    let restocks: Vec<bool> = lines.iter().map(|line| line.restock).collect();
    sqlx::query!(
        "insert into refund_lines (refund_id, order_item_id, quantity, amount_minor, discount_minor, tax_minor, restock)
         select $1, u.item, u.quantity, u.amount, u.discount, u.tax, u.restock
         from unnest($2::uuid[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::boolean[])
              as u (item, quantity, amount, discount, tax, restock)",
        id.0,
        &items,
        &quantities,
        &amounts,
        &discounts,
        &taxes,
        &restocks,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
