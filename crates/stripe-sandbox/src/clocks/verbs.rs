//! What a caller may do with a test clock.

use super::{Clock, run};
use crate::customers::{self, Customer};
use crate::error::ApiError;
use crate::form::Params;
use crate::ids::{new_id, now};
use crate::state::{Body, Change, Snapshot, Tx};
use crate::subscriptions::{self, Interval, Subscription};
use crate::table::Row as _;

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&["frozen_time", "name"])?;
    let frozen_time = params.time("frozen_time")?.ok_or_else(|| ApiError::missing_param("frozen_time"))?;
    let clock = Clock {
        id: new_id("clock"),
        account: account.map(str::to_owned),
        created: now(),
        frozen_time,
        target: None,
        name: params.text("name")?,
        deleted: false,
    };
    tx.put(Change::Clock(clock.clone()));
    tx.emit("test_helpers.test_clock.created", Snapshot::Clock(clock.clone()));
    Ok(Body::of(Snapshot::Clock(clock)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Clock(living(tx, account, id)?)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let alive = |clock: &Clock| !clock.deleted;
    Ok(Body::json(&tx.state.clocks.list(account, params, "/v1/test_helpers/test_clocks", alive)?))
}

/// Deletes the clock and its customers.
pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let clock = living(tx, account, id)?;
    tx.live_by(Some(id));
    let theirs = |customer: &&Customer| customer.clock.as_deref() == Some(id) && !customer.deleted;
    let attached: Vec<Customer> = tx.state.customers.iter().filter(theirs).cloned().collect();
    for customer in attached {
        customers::remove(tx, customer);
    }
    let clock = Clock { deleted: true, target: None, ..clock };
    tx.put(Change::Clock(clock.clone()));
    tx.emit("test_helpers.test_clock.deleted", Snapshot::Clock(clock.clone()));
    Ok(Body::of(Snapshot::Clock(clock)))
}

/// Sets the clock going; [`finish`] follows by itself a moment later.
pub fn advance(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["frozen_time"])?;
    let target = params.time("frozen_time")?.ok_or_else(|| ApiError::missing_param("frozen_time"))?;
    let mut clock = living(tx, account, id)?;
    let refuse = |message: &str| Err(ApiError::invalid(message, Some("frozen_time"), None));
    if clock.target.is_some() {
        let message = "The test clock is currently advancing. Wait until it is ready.";
        return Err(ApiError::new(429, "invalid_request_error", Some("test_clock_under_advancement"), message));
    }
    if target <= clock.frozen_time {
        return refuse("The new frozen time must be after the test clock's current frozen time.");
    }
    if target > farthest(tx, &clock) {
        return refuse(
            "Cannot be more than two intervals in the future from the shortest subscription in this test clock. If \
             there are no subscriptions in this test clock, it cannot be more than two years in the future.",
        );
    }
    clock.target = Some(target);
    tx.put(Change::Clock(clock.clone()));
    tx.emit("test_helpers.test_clock.advancing", Snapshot::Clock(clock.clone()));
    Ok(Body::of(Snapshot::Clock(clock)))
}

/// Two intervals of its shortest subscription, or two years.
fn farthest(tx: &Tx<'_>, clock: &Clock) -> i64 {
    let theirs =
        |subscription: &&Subscription| subscription.clock.as_deref() == Some(&clock.id) && !subscription.status.ended();
    let reach = |(interval, count): (Interval, u32)| subscriptions::boundary(clock.frozen_time, interval, count, 2);
    let shortest =
        tx.state.subscriptions.iter().filter(theirs).map(|subscription| reach(subscription.interval())).min();
    shortest.unwrap_or_else(|| reach((Interval::Year, 1)))
}

/// Lives through everything that is due until the time the clock is advanced to.
pub fn finish(tx: &mut Tx<'_>, id: &str) {
    let Some(clock) = tx.state.clocks.any(id).cloned() else { return };
    let Some(target) = clock.target.filter(|_| !clock.deleted) else { return };
    run(tx, Some(id), target);
    let clock = Clock { frozen_time: target, target: None, ..clock };
    tx.put(Change::Clock(clock.clone()));
    tx.live_by(Some(id));
    tx.emit("test_helpers.test_clock.ready", Snapshot::Clock(clock));
}

fn living(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Clock, ApiError> {
    let clock = tx.state.clocks.get(account, id)?;
    if clock.deleted { Err(ApiError::not_found(Clock::NAME, id, Clock::PARAM)) } else { Ok(clock.clone()) }
}
