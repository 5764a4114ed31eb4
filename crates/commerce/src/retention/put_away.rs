//! Fold old events into snapshots, and forget them.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::events::{self, OldEvent, PublishedEvent, Snapshot};
use crate::replay::State;
use crate::reports;
use crate::shop::Shop;

/// Most events that one transaction puts away.
const BATCH: usize = 1000;
/// Most aggregates that one transaction looks at, and most events of them.
const AGGREGATES: usize = 200;
const LOOK: i64 = 5000;

/// Where to look on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor(i64);

impl Cursor {
    pub(super) fn start() -> Self {
        Self(0)
    }
}

/// What a step did.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) cursor: Cursor,
    pub(super) events: u64,
}

/// Puts away what it finds in the next stretch of events; `None` when the rest is young, or when somebody else is at it.
pub(super) async fn put_away(shop: &Shop, at: Cursor) -> sqlx::Result<Option<Step>> {
    let days = shop.platform.retention;
    let mut tx = shop.db.begin().await?;
    if !events::try_hold_store(&mut tx, shop.id).await? {
        return Ok(None);
    }
    let consumed = reports::cursor(&mut tx, reports::PROJECTION).await?;
    let stretch = events::oldest(&mut tx, at.0, days.event_days, days.refund_event_days, BATCH as i64).await?;
    let wanted: Vec<Uuid> = candidates(&stretch, consumed);
    let Some(last) = stretch.iter().rfind(|event| event.old) else { return Ok(None) };
    let further = Some(Step { cursor: Cursor(last.position), events: 0 });
    if wanted.is_empty() {
        return Ok(further);
    }
    let told = events::of_aggregates(&mut tx, &wanted, days.event_days, days.refund_event_days, LOOK).await?;
    let cut = i64::try_from(told.len()).is_ok_and(|count| count >= LOOK);
    let known = events::snapshots_of(&mut tx, &wanted).await?;
    let known: HashMap<Uuid, Snapshot> = known.into_iter().map(|snapshot| (snapshot.aggregate_id, snapshot)).collect();

    let mut snapshots = Vec::new();
    let mut count = 0;
    for (id, events) in by_aggregate(told, cut) {
        if count >= BATCH {
            break;
        }
        if let Some((snapshot, folded)) = fold(id, known.get(&id), &events, consumed, BATCH - count) {
            count += folded;
            snapshots.push(snapshot);
        }
    }
    if snapshots.is_empty() {
        return Ok(further);
    }
    events::put_snapshots(&mut tx, &snapshots).await?;
    let deleted = events::delete_through(&mut tx, &snapshots).await?;
    let through = snapshots.iter().map(|snapshot| snapshot.sequence).max().unwrap_or_default();
    events::mark_gone(&mut tx, through).await?;
    tx.commit().await?;
    // The same stretch again: what is left of it may be more of the same aggregates.
    Ok(Some(Step { cursor: at, events: deleted }))
}

/// Aggregates that have events old enough.
fn candidates(stretch: &[OldEvent], consumed: i64) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = stretch
        .iter()
        .filter(|event| event.old_enough && (1..=consumed).contains(&event.sequence))
        .map(|event| event.aggregate_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(AGGREGATES);
    ids
}

/// Events by aggregate, in order. When there were too many to read, the last aggregate may lack some.
fn by_aggregate(told: Vec<(PublishedEvent, bool)>, cut: bool) -> BTreeMap<Uuid, Vec<(PublishedEvent, bool)>> {
    let last = told.last().map(|(event, _)| event.aggregate_id);
    let mut sorted = BTreeMap::<Uuid, Vec<_>>::new();
    for entry in told {
        sorted.entry(entry.0.aggregate_id).or_default().push(entry);
    }
    if cut && let Some(last) = last {
        for (_, entries) in sorted.iter_mut().filter(|(id, _)| **id == last) {
            // As if the next were young: what must be put away whole is left alone.
            if let Some(end) = entries.last_mut() {
                end.1 = false;
            }
        }
    }
    sorted
}

/// The snapshot after its old events, and how many those are; `None` when there is nothing to put away.
fn fold(
    id: Uuid,
    known: Option<&Snapshot>,
    events: &[(PublishedEvent, bool)],
    consumed: i64,
    most: usize,
) -> Option<(Snapshot, usize)> {
    let kind = &events.first()?.0.aggregate_type;
    let mut state = match known {
        Some(snapshot) => serde_json::from_value(snapshot.state.clone()).ok()?,
        None => State::new(kind),
    };
    let (mut folded, mut sequence) = (0, known.map_or(0, |snapshot| snapshot.sequence));
    for (event, old) in events {
        let ready = *old && (1..=consumed).contains(&event.sequence) && event.version == state.version + 1;
        if !ready || (folded >= most && state.in_parts()) {
            break;
        }
        state.apply(event);
        folded += 1;
        sequence = sequence.max(event.sequence);
    }
    let whole = folded == events.len() && state.at_rest();
    if folded == 0 || !(whole || state.in_parts()) {
        return None;
    }
    let version = state.version;
    let snapshot = Snapshot {
        aggregate_id: id,
        aggregate_type: kind.clone(),
        version,
        state: serde_json::to_value(&state).ok()?,
        sequence,
    };
    Some((snapshot, folded))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(kind: &str, types: &[&str]) -> Vec<(PublishedEvent, bool)> {
        let event = |(at, event_type): (usize, &&str)| PublishedEvent {
            sequence: at as i64 + 10,
            aggregate_type: kind.into(),
            aggregate_id: Uuid::from_u128(1),
            version: at as i64 + 1,
            event_type: (*event_type).to_owned(),
            data: json!({}),
            metadata: Value::Null,
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        types.iter().enumerate().map(|entry| (event(entry), true)).collect()
    }

    fn version(events: &[(PublishedEvent, bool)], consumed: i64) -> Option<(i64, usize)> {
        let (snapshot, folded) = fold(Uuid::from_u128(1), None, events, consumed, 1000)?;
        Some((snapshot.version, folded))
    }

    #[test]
    fn an_order_is_put_away_whole_and_at_rest_or_not_at_all() {
        let ended = told("order", &["order.created", "order.awaiting_payment", "order.cancelled"]);
        assert_eq!(version(&ended, 100), Some((3, 3)));
        assert_eq!(version(&ended, 11), None, "the reports have not seen its end");
        assert_eq!(version(&ended[..2], 100), None, "it is not at rest");
        let mut young = ended;
        young[2].1 = false;
        assert_eq!(version(&young, 100), None, "its end is young");
    }

    #[test]
    fn stock_is_put_away_as_far_as_it_is_old() {
        let mut stock = told("stock", &["stock.adjusted", "stock.reserved", "stock.released"]);
        assert_eq!(version(&stock, 11), Some((2, 2)));
        stock[1].1 = false;
        assert_eq!(version(&stock, 100), Some((1, 1)));
        stock.remove(0);
        assert_eq!(version(&stock, 100), None, "an event before it is missing");
    }
}
