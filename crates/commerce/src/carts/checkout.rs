//! What a checkout does with carts: lock them, set them aside, give them back or close them.

use std::collections::HashMap;

use kernel::db::TenantTx;

use super::{CartId, LockedCart, db};

/// Locks carts by ascending id until the transaction ends. Carts that do not exist are not in the answer.
pub async fn lock_for_checkout(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<HashMap<CartId, LockedCart>> {
    let mut carts: HashMap<CartId, LockedCart> =
        db::lock_many(tx, ids).await?.into_iter().map(|cart| (cart.id, cart)).collect();
    for (cart, line) in db::lines_of(tx, ids).await? {
        if let Some(cart) = carts.get_mut(&cart) {
            cart.lines.push(line);
        }
    }
    Ok(carts)
}

/// Closes carts to edits while they are bought. Returns how many were open.
pub async fn set_in_checkout(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    db::set_in_checkout(tx, ids).await
}

/// Opens a cart whose purchase came to nothing, for as long as a new one. Was it under checkout?
pub async fn reopen(tx: &mut TenantTx, id: CartId) -> sqlx::Result<bool> {
    db::reopen(tx, id).await
}

/// Closes carts for good. Returns how many were under checkout.
pub async fn complete(tx: &mut TenantTx, ids: &[CartId]) -> sqlx::Result<u64> {
    db::complete(tx, ids).await
}
