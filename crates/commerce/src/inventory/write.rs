//! Write a change of stock: levels and movements, one statement each however many variants.

use std::collections::BTreeMap;

use kernel::db::TenantTx;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Take, db};
use crate::catalog::VariantId;
use crate::events::Event;
use crate::shop::Shop;

/// A change of several levels for one reason.
pub(super) struct Change<'a> {
    /// Such as `stock.reserved`.
    pub(super) event_type: &'static str,
    pub(super) reason: &'a str,
    /// `order`, `refund` or `adjustment`.
    pub(super) reference_type: &'static str,
    pub(super) entries: Vec<Entry>,
}

/// What changes of one variant for one order, or for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) variant_id: VariantId,
    pub(super) on_hand: i32,
    pub(super) reserved: i32,
    pub(super) reference_id: Option<Uuid>,
    /// How many it is about, when that is not how many move.
    pub(super) quantity: i32,
}

/// Entries of order lines; each unit changes the level by so much.
pub(super) fn entries(takes: &[Take], on_hand: i32, reserved: i32) -> Vec<Entry> {
    takes
        .iter()
        .map(|take| Entry {
            variant_id: take.variant_id,
            on_hand: on_hand * take.quantity,
            reserved: reserved * take.quantity,
            reference_id: Some(take.order_id),
            quantity: take.quantity,
        })
        .collect()
}

/// What changes of one variant altogether.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) on_hand: i64,
    pub(super) reserved: i64,
    orders: Vec<(Uuid, i32)>,
}

/// Adds up by variant.
pub(super) fn per_variant(entries: &[Entry]) -> BTreeMap<VariantId, Sum> {
    let mut sums = BTreeMap::<VariantId, Sum>::new();
    for entry in entries {
        let sum = sums.entry(entry.variant_id).or_default();
        sum.on_hand += i64::from(entry.on_hand);
        sum.reserved += i64::from(entry.reserved);
        sum.orders.extend(entry.reference_id.map(|order| (order, entry.quantity)));
    }
    sums
}

/// Writes the change, and returns the events to tell. The levels must be locked.
pub(super) async fn write(tx: &mut TenantTx, shop: &Shop, change: &Change<'_>) -> sqlx::Result<Vec<Event>> {
    let sums = per_variant(&change.entries);
    let levels = db::change_levels(tx, &sums).await?;
    db::insert_movements(tx, change, &json!(shop.origin.actor)).await?;
    Ok(levels.iter().filter_map(|level| Some(event(change, level, sums.get(&level.variant_id)?))).collect())
}

fn event(change: &Change<'_>, level: &db::Written, sum: &Sum) -> Event {
    let (list, id) = if change.reference_type == "refund" { ("refunds", "refund_id") } else { ("orders", "order_id") };
    let references = sum.orders.iter().map(|(reference, quantity)| json!({ id: reference, "quantity": quantity }));
    Event {
        aggregate_type: "stock",
        aggregate_id: level.variant_id.0,
        version: level.version,
        event_type: change.event_type,
        origin: None,
        data: json!({
            "variant_id": level.variant_id,
            "delta_on_hand": sum.on_hand,
            "delta_reserved": sum.reserved,
            "on_hand": level.on_hand,
            "reserved": level.reserved,
            "available": level.on_hand - level.reserved,
            "reason": change.reason,
            list: references.collect::<Vec<Value>>(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_orders_take_adds_up_by_variant() {
        let (apple, pear) = (VariantId(Uuid::from_u128(1)), VariantId(Uuid::from_u128(2)));
        let (one, two) = (Uuid::from_u128(11), Uuid::from_u128(12));
        let take = |order_id, variant_id, quantity| Take { order_id, variant_id, quantity };
        let entries = entries(&[take(one, apple, 2), take(two, apple, 3), take(two, pear, 1)], 0, 1);
        let sums = per_variant(&entries);
        assert_eq!((sums[&apple].on_hand, sums[&apple].reserved), (0, 5));
        assert_eq!(sums[&apple].orders, [(one, 2), (two, 3)]);
        assert_eq!(sums[&pear].reserved, 1);
    }

    #[test]
    fn shipping_takes_from_both() {
        let take = Take { order_id: Uuid::nil(), variant_id: VariantId(Uuid::nil()), quantity: 4 };
        let entries = entries(&[take], -1, -1);
        assert_eq!((entries[0].on_hand, entries[0].reserved), (-4, -4));
    }
}
