//! Hold an order, so that nobody else of the staff moves it, and let go of it.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, OrderError, OrderId, StaffLock, db, lock, lock_for_staff};
use crate::access::Role;
use crate::activity::{self, Act};
use crate::events;
use crate::shop::Shop;

/// Holds an order for who acts. Whoever holds it already may give another reason; it stays held since then.
pub(super) async fn hold(shop: &Shop, id: OrderId, reason: &str) -> Result<StaffLock, OrderError> {
    kernel::db::retrying(|| attempt_hold(shop, id, reason)).await
}

async fn attempt_hold(shop: &Shop, id: OrderId, reason: &str) -> Result<StaffLock, OrderError> {
    let mut tx = shop.db.begin().await?;
    let mut order = lock_for_staff(&mut tx, shop, id).await?;
    let held = db::set_held(&mut tx, &order, &json!(shop.origin.actor), reason).await?;
    let before = order.held.replace(held.clone());
    if before.as_ref() != Some(&held) {
        note(&mut tx, shop, &mut order, "order.locked", before.as_ref(), Some(&held)).await?;
    }
    tx.commit().await?;
    Ok(held)
}

/// Lets go of an order. Whoever holds it may, and the owner may break anybody's hold.
pub(super) async fn let_go(shop: &Shop, id: OrderId, role: Role) -> Result<(), OrderError> {
    kernel::db::retrying(|| attempt_let_go(shop, id, role)).await
}

async fn attempt_let_go(shop: &Shop, id: OrderId, role: Role) -> Result<(), OrderError> {
    let mut tx = shop.db.begin().await?;
    let mut order = lock(&mut tx, id).await?;
    let Some(held) = order.held.take() else { return Ok(()) };
    if !held.is_of(shop) && role != Role::Owner {
        return Err(OrderError::Held(held));
    }
    db::clear_held(&mut tx, &order).await?;
    let act = if held.is_of(shop) { "order.unlocked" } else { "order.lock_broken" };
    note(&mut tx, shop, &mut order, act, Some(&held), None).await?;
    tx.commit().await?;
    Ok(())
}

async fn note(
    tx: &mut TenantTx,
    shop: &Shop,
    order: &mut Locked,
    act: &'static str,
    before: Option<&StaffLock>,
    after: Option<&StaffLock>,
) -> Result<(), OrderError> {
    let event = order.next_event(act, json!({ "number": order.number, "lock": after }));
    events::tell(tx, shop, &[event]).await?;
    let act = Act {
        action: act,
        entity_type: "order",
        entity_id: order.id.0,
        before: before.map(|lock| json!(lock)),
        after: after.map(|lock| json!(lock)),
    };
    Ok(activity::note(tx, shop, &act).await?)
}
