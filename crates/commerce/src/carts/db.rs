//! The SQL of carts.

use kernel::db::TenantTx;
use uuid::Uuid;

use super::{CartId, CartItemId, CartLine, CartStatus, LockedCart};
use crate::catalog::VariantId;

fn uuids(ids: &[CartId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

/// Locks carts, without their lines.
pub(super) async fn lock_many(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<Vec<LockedCart>> {
    let rows = sqlx::query!(
        r#"select id as "id: CartId", status as "status: CartStatus", currency,
                  status = 'open' and expires_at <= now() as "expired!"
           from carts where id = any($1) and deleted_at is null order by id for update"#,
        &uuids(ids)
    )
    .fetch_all(tx.conn())
    .await?;
    let carts = rows.into_iter().map(|row| LockedCart {
        id: row.id,
        status: row.status,
        currency: row.currency,
        expired: row.expired,
        lines: Vec::new(),
    });
    Ok(carts.collect())
}

pub(super) async fn lines_of(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<Vec<(CartId, CartLine)>> {
    let rows = sqlx::query!(
        r#"select cart_id as "cart_id: CartId", id as "id: CartItemId", variant_id as "variant_id: VariantId", quantity
           from cart_items where cart_id = any($1) order by cart_id, id"#,
        &uuids(ids)
    )
    .fetch_all(tx.conn())
    .await?;
    let line = |item_id, variant_id, quantity| CartLine { item_id, variant_id, quantity };
    Ok(rows.into_iter().map(|row| (row.cart_id, line(row.id, row.variant_id, row.quantity))).collect())
}

pub(super) async fn set_in_checkout(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update carts set status = 'in_checkout', updated_at = now() where id = any($1) and status = 'open'",
        &uuids(ids)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

pub(super) async fn reopen(tx: &mut TenantTx, id: CartId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update carts set status = 'open', updated_at = now(), expires_at = now() + interval '30 days'
         where id = $1 and status = 'in_checkout'",
        id.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

pub(super) async fn complete(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update carts set status = 'completed', completed_at = now(), updated_at = now()
         where id = any($1) and status = 'in_checkout'",
        &uuids(ids)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
