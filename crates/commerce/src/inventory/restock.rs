//! Put back what was refunded: what has not left yet is no longer set aside, what had left is in the store room again.

use std::collections::HashMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::db;
use super::write::{Change, Entry, write};
use crate::catalog::VariantId;
use crate::events::Event;
use crate::shop::Shop;

/// Goods of an order that were refunded and go back into stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returning {
    /// Of what.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i32,
    /// How many of the order came back into the store room before.
    pub returned_before: i32,
}

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restocked {
    /// Of what.
    pub variant_id: VariantId,
    /// So many are no longer set aside for the order.
    pub released: i32,
    /// So many are in the store room again.
    pub returned: i32,
}

/// How much of a variant an order was promised, and what became of it.
#[derive(Debug, Clone, Copy)]
struct Reserved {
    quantity: i32,
    shipped: i32,
    released: i32,
}

/// Puts goods of an order back. What has not left goes first; no more comes back than left. Returns what became of them,
/// and the events to tell.
pub async fn restock(
    tx: &mut TenantTx,
    shop: &Shop,
    order_id: Uuid,
    refund_id: Uuid,
    returning: &[Returning],
) -> sqlx::Result<(Vec<Restocked>, Vec<Event>)> {
    let mut variants: Vec<VariantId> = returning.iter().map(|back| back.variant_id).collect();
    variants.sort_unstable();
    let reserved = reservations(tx, order_id, &variants).await?;
    let restocked: Vec<Restocked> = returning
        .iter()
        .filter_map(|back| Some(split(back, *reserved.get(&back.variant_id)?)))
        .filter(|back| back.released + back.returned > 0)
        .collect();
    if restocked.is_empty() {
        return Ok((restocked, Vec::new()));
    }
    release(tx, order_id, &restocked).await?;
    db::lock_levels(tx, &variants).await?;
    let entries = restocked
        .iter()
        .map(|back| Entry {
            variant_id: back.variant_id,
            on_hand: back.returned,
            reserved: -back.released,
            reference_id: Some(refund_id),
            quantity: back.released + back.returned,
        })
        .collect();
    let change = Change { event_type: "stock.restocked", reason: "refunded", reference_type: "refund", entries };
    let told = write(tx, shop, &change).await?;
    Ok((restocked, told))
}

fn split(back: &Returning, reserved: Reserved) -> Restocked {
    let released = back.quantity.min(reserved.quantity - reserved.shipped - reserved.released).max(0);
    let returned = (back.quantity - released).min(reserved.shipped - back.returned_before).max(0);
    Restocked { variant_id: back.variant_id, released, returned }
}

async fn reservations(
    tx: &mut TenantTx,
    order: Uuid,
    variants: &[VariantId],
) -> sqlx::Result<HashMap<VariantId, Reserved>> {
    let rows = sqlx::query!(
        r#"select variant_id as "variant_id: VariantId", quantity, shipped_quantity, released_quantity
           from stock_reservations where order_id = $1 and variant_id = any($2) for update"#,
        order,
        &db::uuids(variants),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (quantity, shipped, released) = (row.quantity, row.shipped_quantity, row.released_quantity);
            (row.variant_id, Reserved { quantity, shipped, released })
        })
        .collect())
}

async fn release(tx: &mut TenantTx, order: Uuid, restocked: &[Restocked]) -> sqlx::Result<()> {
    let variants: Vec<Uuid> = restocked.iter().map(|back| back.variant_id.0).collect();
    let released: Vec<i32> = restocked.iter().map(|back| back.released).collect();
    sqlx::query!(
        "update stock_reservations r
         set released_quantity = r.released_quantity + u.released, updated_at = now(),
             status = case when r.shipped_quantity + r.released_quantity + u.released < r.quantity then r.status
                           when r.shipped_quantity > 0 then 'shipped'
                           else 'released' end
         from unnest($2::uuid[], $3::int[]) as u (variant_id, released)
         where r.order_id = $1 and r.variant_id = u.variant_id and u.released > 0",
        order,
        &variants,
        &released,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_left_goes_first_and_no_more_comes_back_than_left() {
        let reserved = |quantity, shipped, released| Reserved { quantity, shipped, released };
        let back =
            |quantity, returned_before| Returning { variant_id: VariantId(Uuid::nil()), quantity, returned_before };
        let cases = [
            (back(2, 0), reserved(3, 0, 0), (2, 0)),
            (back(2, 0), reserved(3, 3, 0), (0, 2)),
            (back(2, 0), reserved(3, 2, 0), (1, 1)),
            (back(2, 2), reserved(3, 3, 0), (0, 1)),
            (back(1, 3), reserved(3, 3, 0), (0, 0)),
            // Called off: nothing left, and nothing is set aside any more.
            (back(3, 0), reserved(3, 0, 3), (0, 0)),
        ];
        for (back, reserved, want) in cases {
            let split = split(&back, reserved);
            assert_eq!((split.released, split.returned), want, "{back:?} {reserved:?}");
        }
    }
}
