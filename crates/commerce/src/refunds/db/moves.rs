//! Lock refunds and move them on, by compare-and-set.

use kernel::db::{TenantTx, on_constraint};
use serde_json::Value;
use uuid::Uuid;

use crate::orders::{OrderId, OrderItemId};
use crate::payments::PaymentId;
use crate::refunds::model::Locked;
use crate::refunds::{RefundError, RefundId, Status};

/// The order and the payment that a refund is of: they are locked before it.
pub(in crate::refunds) async fn place(
    tx: &mut TenantTx,
    id: RefundId,
) -> Result<Option<(OrderId, PaymentId)>, RefundError> {
    let row = sqlx::query!(
        r#"select order_id as "order_id: OrderId", payment_id as "payment_id: PaymentId" from refunds where id = $1"#,
        id.0,
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| (row.order_id, row.payment_id)))
}

/// A refund by the provider's own id, or else by the one that we gave it.
pub(in crate::refunds) async fn known(
    tx: &mut TenantTx,
    provider_ref: &str,
    named: Option<RefundId>,
) -> Result<Option<RefundId>, RefundError> {
    let id = sqlx::query_scalar!(
        r#"select id as "id!: RefundId" from (
               select id, 1 as place from refunds where provider_ref = $1
               union all
               select id, 2 from refunds where id = $2 and provider_ref is null) as found
           order by place limit 1"#,
        provider_ref,
        named.map(|id| id.0),
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}

pub(in crate::refunds) async fn lock(tx: &mut TenantTx, id: RefundId) -> Result<Option<Locked>, RefundError> {
    let refund = sqlx::query_as!(
        Locked,
        r#"select id as "id: RefundId", order_id as "order_id: OrderId", payment_id as "payment_id: PaymentId",
                  retry_of as "retry_of: RefundId", status as "status: Status", amount_minor, shipping_minor, currency,
                  reason, requested_by, provider_key, provider_ref, failure_code,
                  coalesce(asked_at < now() - interval '23 hours', false) as "stale!",
                  restocked_at is not null as "restocked!", version
           from refunds where id = $1 for update"#,
        id.0,
    );
    Ok(refund.fetch_optional(tx.conn()).await?)
}

/// Open refunds of a payment that nobody has asked the provider for, the newest first.
pub(in crate::refunds) async fn not_begun(tx: &mut TenantTx, payment: PaymentId) -> Result<Vec<RefundId>, RefundError> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: RefundId" from refunds
           where payment_id = $1 and status in ('requested', 'approved') order by id desc"#,
        payment.0,
    );
    Ok(ids.fetch_all(tx.conn()).await?)
}

/// Was a failed refund tried again, by one that stands or may yet?
pub(in crate::refunds) async fn retried(tx: &mut TenantTx, id: RefundId) -> Result<bool, RefundError> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from refunds where retry_of = $1 and status not in ('rejected', 'cancelled'))
               as "found!""#,
        id.0,
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Somebody decided: approved, rejected, cancelled.
pub(in crate::refunds) async fn set_decided(
    tx: &mut TenantTx,
    refund: &Locked,
    to: Status,
    by: &Value,
    words: Option<&str>,
) -> Result<(), RefundError> {
    let done = sqlx::query!(
        "update refunds
         set status = $3, version = version + 1, updated_at = now(), decided_by = $4, decided_at = now(), decision = $5,
             finished_at = case when $3 in ('rejected', 'cancelled') then now() end
         where id = $1 and status = $2",
        refund.id.0,
        refund.status.name(),
        to.name(),
        by,
        words,
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

pub(in crate::refunds) async fn set_processing(tx: &mut TenantTx, refund: &Locked) -> Result<(), RefundError> {
    let done = sqlx::query!(
        "update refunds set status = 'processing', version = version + 1, updated_at = now(), asked_at = now()
         where id = $1 and status = $2",
        refund.id.0,
        refund.status.name(),
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

/// The provider is about to be asked anew, under another key.
pub(in crate::refunds) async fn set_asked_again(
    tx: &mut TenantTx,
    refund: &Locked,
    provider_key: &str,
) -> Result<(), RefundError> {
    let done = sqlx::query!(
        "update refunds set provider_key = $2, asked_at = now(), absent_since = null, updated_at = now()
         where id = $1 and status = 'processing' and provider_ref is null",
        refund.id.0,
        provider_key,
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

/// Notes that the provider's list lacks what was asked for under this key. True when it did so before, long enough ago
/// to be certain.
pub(in crate::refunds) async fn note_absent(
    tx: &mut TenantTx,
    id: RefundId,
    provider_key: &str,
) -> Result<bool, RefundError> {
    let certain = sqlx::query_scalar!(
        r#"update refunds set absent_since = coalesce(absent_since, now()), updated_at = now()
           where id = $1 and provider_key = $2 and status = 'processing' and provider_ref is null
           returning absent_since <= now() - interval '20 seconds' as "certain!""#,
        id.0,
        provider_key,
    );
    Ok(certain.fetch_optional(tx.conn()).await?.unwrap_or(false))
}

/// The provider knows it by this id. No event: nothing has moved.
pub(in crate::refunds) async fn set_provider_ref(
    tx: &mut TenantTx,
    refund: &Locked,
    provider_ref: &str,
) -> Result<(), RefundError> {
    let done = sqlx::query!(
        "update refunds set provider_ref = $2, updated_at = now() where id = $1 and provider_ref is null",
        refund.id.0,
        provider_ref,
    )
    .execute(tx.conn())
    .await
    .map_err(on_constraint("refunds_provider_ref_key", RefundError::Changed))?;
    one(done.rows_affected())
}

pub(in crate::refunds) async fn set_succeeded(
    tx: &mut TenantTx,
    refund: &Locked,
    reference: Option<&str>,
) -> Result<(), RefundError> {
    let done = sqlx::query!(
        "update refunds
         set status = 'succeeded', version = version + 1, updated_at = now(), succeeded_at = now(), finished_at = now(),
             reference = coalesce($3, reference)
         where id = $1 and status = $2",
        refund.id.0,
        refund.status.name(),
        reference,
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

pub(in crate::refunds) async fn set_failed(
    tx: &mut TenantTx,
    refund: &Locked,
    failure_code: &str,
) -> Result<(), RefundError> {
    let done = sqlx::query!(
        "update refunds
         set status = 'failed', version = version + 1, updated_at = now(), finished_at = now(), failure_code = $3
         where id = $1 and status = $2",
        refund.id.0,
        refund.status.name(),
        failure_code,
    )
    .execute(tx.conn())
    .await?;
    one(done.rows_affected())
}

/// A line of a succeeded refund whose goods go back into stock.
#[derive(Debug, Clone)]
pub(in crate::refunds) struct Restocking {
    pub(in crate::refunds) item: OrderItemId,
    pub(in crate::refunds) quantity: i32,
    /// What refunds before this one have put back of the line, and what of that came from outside.
    pub(in crate::refunds) restocked_before: i32,
    pub(in crate::refunds) returned_before: i32,
}

pub(in crate::refunds) async fn restocking(tx: &mut TenantTx, id: RefundId) -> Result<Vec<Restocking>, RefundError> {
    let lines = sqlx::query_as!(
        Restocking,
        r#"select l.order_item_id as "item: OrderItemId", l.quantity,
                  coalesce(sum(o.released_quantity + o.returned_quantity), 0)::int as "restocked_before!",
                  coalesce(sum(o.returned_quantity), 0)::int as "returned_before!"
           from refund_lines l
           left join refund_lines o on o.order_item_id = l.order_item_id and o.refund_id <> l.refund_id
           where l.refund_id = $1 and l.restock group by l.order_item_id, l.quantity order by l.order_item_id"#,
        id.0,
    );
    Ok(lines.fetch_all(tx.conn()).await?)
}

/// The goods are back. One entry for each line: released, returned.
pub(in crate::refunds) async fn set_restocked(
    tx: &mut TenantTx,
    id: RefundId,
    lines: &[(OrderItemId, i32, i32)],
) -> Result<(), RefundError> {
    let items: Vec<Uuid> = lines.iter().map(|line| line.0.0).collect();
    let released: Vec<i32> = lines.iter().map(|line| line.1).collect();
    let returned: Vec<i32> = lines.iter().map(|line| line.2).collect();
    sqlx::query!(
        "update refund_lines l set released_quantity = u.released, returned_quantity = u.returned
         from unnest($2::uuid[], $3::int[], $4::int[]) as u (item, released, returned)
         where l.refund_id = $1 and l.order_item_id = u.item",
        id.0,
        &items,
        &released,
        &returned,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("update refunds set restocked_at = now() where id = $1 and succeeded_at is not null", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn one(rows: u64) -> Result<(), RefundError> {
    if rows == 1 { Ok(()) } else { Err(RefundError::Changed) }
}
