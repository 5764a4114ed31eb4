//! Bring the days up to the feed.

use std::collections::HashMap;

use kernel::db::retrying;
use uuid::Uuid;

use super::tally::{Amounts, Happened, Tally};
use super::{PROJECTION, db, sold};
use crate::events::{self, PublishedEvent};
use crate::shop::Shop;

/// Most events that one transaction adds.
const BATCH: i64 = 500;

/// Adds all published events that are not in the days yet. Returns how many.
pub async fn catch_up(shop: &Shop) -> sqlx::Result<usize> {
    let mut count = 0;
    loop {
        let done = retrying(|| step(shop)).await?;
        count += done;
        if i64::try_from(done).is_ok_and(|done| done < BATCH) {
            return Ok(count);
        }
    }
}

async fn step(shop: &Shop) -> sqlx::Result<usize> {
    let mut tx = shop.db.begin().await?;
    let cursor = db::lock_cursor(&mut tx, PROJECTION).await?;
    let events = events::published_after(&mut tx, cursor, BATCH).await?;
    let Some(last) = events.last() else { return Ok(0) };
    let last = last.sequence;
    let amounts = amounts(&mut tx, &events).await?;
    let mut tally = Tally::default();
    for event in &events {
        count(&mut tally, event, &amounts);
    }
    db::add_sales(&mut tx, &tally.sales).await?;
    db::add_stock(&mut tx, &tally.stock).await?;
    sold::add(&mut tx, &tally.sold).await?;
    db::set_cursor(&mut tx, PROJECTION, last).await?;
    tx.commit().await?;
    Ok(events.len())
}

fn count(tally: &mut Tally, event: &PublishedEvent, amounts: &HashMap<Uuid, Amounts>) {
    match event.aggregate_type.as_str() {
        "order" | "payment" => {
            let none = Amounts::default();
            tally.sale(&Happened::of(event), amounts.get(&event.aggregate_id).unwrap_or(&none));
        }
        "stock" => tally.stock(event.aggregate_id, &event.event_type, event.created_at, &event.data),
        _ => {}
    }
}

/// What the orders that become sure are about: told by their first events, in this stretch or long before it.
async fn amounts(tx: &mut kernel::db::TenantTx, events: &[PublishedEvent]) -> sqlx::Result<HashMap<Uuid, Amounts>> {
    let created = |event: &&PublishedEvent| event.event_type == "order.created";
    let mut known: HashMap<Uuid, Amounts> =
        events.iter().filter(created).map(|event| (event.aggregate_id, Amounts::of(&event.data))).collect();
    let missing: Vec<Uuid> = events
        .iter()
        .filter(|event| Tally::needs_amounts(&Happened::of(event)) && !known.contains_key(&event.aggregate_id))
        .map(|event| event.aggregate_id)
        .collect();
    if !missing.is_empty() {
        let first = events::first_data(tx, &missing).await?;
        known.extend(first.into_iter().map(|(id, data)| (id, Amounts::of(&data))));
    }
    Ok(known)
}

/// Counts the carts of the days since they were last counted, from their rows.
pub async fn count_carts(shop: &Shop) -> sqlx::Result<()> {
    let mut tx = shop.db.begin().await?;
    let since = db::lock_carts_day(&mut tx).await?;
    let days = crate::carts::made_by_day(&mut tx, since).await?;
    db::set_carts(&mut tx, &days).await?;
    db::set_cursor(&mut tx, db::CARTS, 0).await?;
    tx.commit().await
}
