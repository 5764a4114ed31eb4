//! What a checkout does with carts: lock them, set them aside, give them back or close them.

use std::collections::HashMap;

use kernel::db::TenantTx;

use super::{AskedUnder, CartId, LockedCart, db};
use crate::idempotency::FoundKey;

/// Locks carts by ascending id until the transaction ends. Carts that do not exist are not in the answer.
pub async fn lock_for_checkout(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<HashMap<CartId, LockedCart>> {
    Ok(lock_with_keys(tx, ids, &AskedUnder::default()).await?.0)
}

/// Locks carts as [`lock_for_checkout`] does, and looks up the keys of requests about them: one statement. The keys of
/// carts that do not exist are not in the answer.
pub async fn lock_with_keys(
    tx: &mut TenantTx,
    ids: &[CartId],
    asked: &AskedUnder,
) -> sqlx::Result<(HashMap<CartId, LockedCart>, Vec<FoundKey>)> {
    let locked = db::lock_many(tx, ids, asked).await?;
    let (stale, keys) = (locked.stale, locked.keys);
    let mut carts: HashMap<CartId, LockedCart> = locked.carts.into_iter().map(|cart| (cart.id, cart)).collect();
    if stale.is_empty() {
        return Ok((carts, keys));
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
    Ok((carts, keys))
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
