//! Add old movements up into one for each variant, so that Σ movements = level stays true.

use std::collections::BTreeMap;

use kernel::origin::Actor;
use serde_json::json;
use uuid::Uuid;

use super::db;
use crate::shop::Shop;

/// Most movements looked at in one transaction.
const BATCH: i64 = 1000;

/// Adds up the movements older than `days` in the next stretch after `after`: the newest of each variant becomes their
/// sum, the others go. Returns where to go on and how many went; `None` at the end.
pub async fn carry_over(shop: &Shop, days: i32, after: i64) -> sqlx::Result<Option<(i64, u64)>> {
    let mut tx = shop.db.begin().await?;
    let old = db::old_movements(&mut tx, after, days, BATCH).await?;
    let Some(last) = old.last().map(|movement| movement.id) else { return Ok(None) };
    let mut variants: Vec<Uuid> = old.iter().map(|movement| movement.variant_id).collect();
    variants.sort_unstable();
    variants.dedup();
    let rows = db::movements_through(&mut tx, &variants, last).await?;
    let sums = sums(&rows);
    let gone: Vec<i64> = rows
        .iter()
        .filter(|row| sums.get(&row.variant_id).is_none_or(|sum| sum.id != row.id))
        .map(|row| row.id)
        .collect();
    if !gone.is_empty() {
        let kept: Vec<_> = sums.into_values().collect();
        db::set_carried_over(&mut tx, &kept, &json!(Actor::System)).await?;
        db::delete_movements(&mut tx, &gone).await?;
    }
    tx.commit().await?;
    Ok(Some((last, gone.len() as u64)))
}

/// One for each variant, in the place of its newest; none where they come to nothing.
fn sums(rows: &[db::OldMovement]) -> BTreeMap<Uuid, db::OldMovement> {
    let mut sums = BTreeMap::<Uuid, db::OldMovement>::new();
    for row in rows {
        let sum = sums.entry(row.variant_id).or_insert(db::OldMovement { on_hand: 0, reserved: 0, ..*row });
        sum.on_hand += row.on_hand;
        sum.reserved += row.reserved;
        sum.id = sum.id.max(row.id);
    }
    sums.retain(|_, sum| (sum.on_hand, sum.reserved) != (0, 0));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_keeps_the_sum_in_the_place_of_its_newest() {
        let row = |id, variant, on_hand, reserved| db::OldMovement {
            id,
            variant_id: Uuid::from_u128(variant),
            on_hand,
            reserved,
        };
        let rows = [row(1, 1, 10, 0), row(2, 1, 0, 3), row(3, 2, 5, 0), row(4, 1, -3, -3), row(5, 2, -5, 0)];
        let sums: Vec<_> = sums(&rows).into_values().map(|sum| (sum.id, sum.on_hand, sum.reserved)).collect();
        assert_eq!(sums, [(4, 7, 0)]);
    }
}
