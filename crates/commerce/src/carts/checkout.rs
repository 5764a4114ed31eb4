//! What a checkout does with carts: lock them, set them aside, give them back or close them.

use std::collections::HashMap;

use kernel::db::TenantTx;

use super::{CartId, LockedCart, db};

/// Locks carts by ascending id until the transaction ends. Carts that do not exist are not in the answer.
pub async fn lock_for_checkout(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<HashMap<CartId, LockedCart>> {
    let (carts, stale) = db::lock_many(tx, ids).await?;
    let mut carts: HashMap<CartId, LockedCart> = carts.into_iter().map(|cart| (cart.id, cart)).collect();
    if stale.is_empty() {
        return Ok(carts);
    }
    for id in &stale {
        if let Some(cart) = carts.get_mut(id) {
            cart.lines.clear();
        }
    }
    for (cart, line) in db::lines_of(tx, &stale).await? {
        if let Some(cart) = carts.get_mut(&cart) {
            cart.lines.push(line);
        }
    }
    Ok(carts)
}

/// Closes open carts: to edits while they are bought, and for good those that are `bought` already. Returns how many
/// were open.
pub async fn close(tx: &mut TenantTx, ids: &[CartId], bought: &[CartId]) -> sqlx::Result<u64> {
    db::close(tx, ids, bought).await
}

/// Opens a cart whose purchase came to nothing, for as long as a new one. Was it under checkout?
pub async fn reopen(tx: &mut TenantTx, id: CartId) -> sqlx::Result<bool> {
    db::reopen(tx, id).await
}

/// Closes carts for good. Returns how many were under checkout.
pub async fn complete(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    db::complete(tx, ids).await
}
