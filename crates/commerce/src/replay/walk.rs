//! Walk through a store's aggregates one after the other, folding each from its snapshot and its events. However many
//! events there are, those of one stretch are in memory.

use std::collections::HashMap;

use kernel::db::TenantTx;
use uuid::Uuid;

use super::fold::State;
use crate::events::{self, PublishedEvent, Snapshot};
use crate::reports::Tally;

/// Events or snapshots read at once.
const STRETCH: i64 = 2000;

/// An aggregate, folded.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) id: Uuid,
    pub(super) state: State,
    /// What it adds to the days, as far as the projection has read.
    pub(super) tally: Tally,
}

/// Where a walk has got to.
#[derive(Debug)]
pub(super) struct Walk {
    /// The last place of the feed that the projection contains.
    cursor: i64,
    after: (Uuid, i64),
    open: Option<Folded>,
    in_snapshots: bool,
    /// How many events were read.
    pub(super) events: u64,
}

impl Walk {
    pub(super) fn new(cursor: i64) -> Self {
        Self { cursor, after: (Uuid::nil(), 0), open: None, in_snapshots: false, events: 0 }
    }

    /// The next aggregates; `None` at the end.
    pub(super) async fn next(&mut self, tx: &mut TenantTx) -> sqlx::Result<Option<Vec<Folded>>> {
        if self.in_snapshots { self.snapshots(tx).await } else { self.events(tx).await.map(Some) }
    }

    async fn events(&mut self, tx: &mut TenantTx) -> sqlx::Result<Vec<Folded>> {
        let stretch = events::by_aggregate(tx, self.after, STRETCH).await?;
        let Some(last) = stretch.last() else {
            (self.in_snapshots, self.after) = (true, (Uuid::nil(), 0));
            return Ok(self.open.take().into_iter().collect());
        };
        self.after = (last.aggregate_id, last.version);
        self.events += stretch.len() as u64;
        let mut ids: Vec<Uuid> = stretch.iter().map(|event| event.aggregate_id).collect();
        ids.dedup();
        let mut snapshots: HashMap<Uuid, Snapshot> = events::snapshots_of(tx, &ids)
            .await?
            .into_iter()
            .map(|snapshot| (snapshot.aggregate_id, snapshot))
            .collect();
        let mut done = Vec::new();
        for event in &stretch {
            if self.open.as_ref().is_some_and(|open| open.id != event.aggregate_id) {
                done.extend(self.open.take());
            }
            let open = self.open.get_or_insert_with(|| match snapshots.remove(&event.aggregate_id) {
                Some(snapshot) => Folded::from(snapshot),
                None => {
                    Folded { id: event.aggregate_id, state: State::new(&event.aggregate_type), tally: Tally::default() }
                }
            });
            open.take_in(event, self.cursor);
        }
        Ok(done)
    }

    /// Those of which no event is left.
    async fn snapshots(&mut self, tx: &mut TenantTx) -> sqlx::Result<Option<Vec<Folded>>> {
        let stretch = events::snapshots_after(tx, self.after.0, STRETCH).await?;
        let Some(last) = stretch.last() else { return Ok(None) };
        self.after.0 = last.aggregate_id;
        let ids: Vec<Uuid> = stretch.iter().map(|snapshot| snapshot.aggregate_id).collect();
        let seen = events::with_events(tx, &ids).await?;
        let unseen = stretch.into_iter().filter(|snapshot| !seen.contains(&snapshot.aggregate_id));
        Ok(Some(unseen.map(Folded::from).collect()))
    }
}

impl Folded {
    fn take_in(&mut self, event: &PublishedEvent, cursor: i64) {
        // Put away and not deleted cannot be at once; but if it were, it would not count twice.
        if event.version <= self.state.version {
            return;
        }
        self.state.apply(event);
        if (1..=cursor).contains(&event.sequence) {
            self.state.count(event, &mut self.tally);
        }
    }
}

impl From<Snapshot> for Folded {
    fn from(snapshot: Snapshot) -> Self {
        let mut tally = Tally::default();
        // A snapshot that cannot be read counts as nothing, and the comparison says so.
        let state: State =
            serde_json::from_value(snapshot.state).unwrap_or_else(|_| State::new(&snapshot.aggregate_type));
        state.count_history(snapshot.aggregate_id, &mut tally);
        Self { id: snapshot.aggregate_id, state, tally }
    }
}
