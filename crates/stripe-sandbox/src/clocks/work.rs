//! What happens by itself, in the order of its time: renewals, invoices, retries, ends.

use super::Clock;
use crate::state::{Change, State, Tx};
use crate::{invoices, sessions, subscriptions};

/// A bound on one run, so that a mistake here cannot hang the sandbox.
const MOST: usize = 100_000;

/// What is due, by whose id.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Due {
    Subscription(String),
    Invoice(String),
    Session(String),
}

/// When something on this clock happens next; on no clock, by the machine's time.
pub fn next_due(state: &State, clock: Option<&str>) -> Option<i64> {
    next(state, clock).map(|(at, _)| at)
}

fn next(state: &State, clock: Option<&str>) -> Option<(i64, Due)> {
    let notice = state.billing.upcoming_days;
    let on = |own: &Option<String>| own.as_deref() == clock;
    let subscriptions = state
        .subscriptions
        .iter()
        .filter(|row| on(&row.clock))
        .filter_map(|row| subscriptions::due(row, notice).map(|at| (at, 1, Due::Subscription(row.id.clone()))));
    let invoices = state.invoices.iter().filter(|row| on(&row.clock));
    let invoices = invoices.filter_map(|row| invoices::due(row).map(|at| (at, 0, Due::Invoice(row.id.clone()))));
    let sessions = state.sessions.iter().filter(|row| on(&row.clock));
    let sessions = sessions.filter_map(|row| sessions::due(row).map(|at| (at, 2, Due::Session(row.id.clone()))));
    // At the same second money comes first: a payment saves what would end otherwise.
    let first = subscriptions.chain(invoices).chain(sessions).min_by_key(|(at, rank, _)| (*at, *rank));
    first.map(|(at, _, due)| (at, due))
}

/// Does all that is due until `until`.
pub fn run(tx: &mut Tx<'_>, clock: Option<&str>, until: i64) {
    for _ in 0..MOST {
        let Some((at, due)) = next(tx.state, clock).filter(|(at, _)| *at <= until) else { return };
        if let Some(clock) = clock.and_then(|id| tx.state.clocks.any(id)).cloned()
            && clock.frozen_time < at
        {
            tx.put(Change::Clock(Clock { frozen_time: at, ..clock }));
        }
        match due {
            Due::Subscription(id) => subscriptions::turn(tx, &id),
            Due::Invoice(id) => invoices::turn(tx, &id),
            Due::Session(id) => sessions::turn(tx, &id),
        }
    }
    tracing::error!("a test clock had too much to do");
}
