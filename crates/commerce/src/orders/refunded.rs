//! Carry over to a locked order what went back of its money, and what for.

use kernel::db::TenantTx;
use serde_json::json;

use super::{Locked, Money, OrderError, OrderItemId, db};
use crate::events::Event;

/// Notes that so much more of an order's money has gone back, of what came in altogether; a negative amount came again.
/// Returns the event to tell.
pub async fn refunded(
    tx: &mut TenantTx,
    order: &mut Locked,
    amount_minor: i64,
    captured_minor: i64,
) -> Result<Event, OrderError> {
    let refunded_minor = order.refunded_minor + amount_minor;
    let money = Money::of(refunded_minor, captured_minor);
    db::set_money(tx, order, money, refunded_minor).await?;
    (order.money, order.refunded_minor) = (money, refunded_minor);
    let event_type = match money {
        Money::None => "order.refund_reversed",
        Money::Partial if amount_minor < 0 => "order.refund_reversed",
        Money::Partial => "order.partially_refunded",
        Money::Full => "order.refunded",
    };
    let data = json!({
        "number": order.number, "amount_minor": amount_minor, "refunded_minor": refunded_minor,
        "total_minor": order.total_minor, "currency": order.currency,
    });
    Ok(order.next_event(event_type, data))
}

/// Notes how many of each line were refunded. The database refuses more than were bought.
pub async fn items_refunded(tx: &mut TenantTx, order: &Locked, items: &[(OrderItemId, i32)]) -> Result<(), OrderError> {
    if items.is_empty() { Ok(()) } else { db::add_refunded(tx, order.id, items).await }
}
