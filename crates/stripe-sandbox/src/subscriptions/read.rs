//! Reading subscriptions.

use super::{Status, Subscription};
use crate::error::ApiError;
use crate::form::Params;
use crate::search::Terms;
use crate::state::{Body, Snapshot, Tx};
use crate::table::Row as _;

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Subscription(tx.state.subscriptions.get(account, id)?.clone())))
}

const STATUSES: &[&str] = &[
    "active",
    "all",
    "canceled",
    "ended",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
];

/// All that are not canceled, unless a status is asked for.
pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (customer, price) = (params.text("customer")?, params.text("price")?);
    let (status, clock) = (params.choice("status", STATUSES)?, params.text("test_clock")?);
    params.covers_time("created", 0)?;
    let wanted = |subscription: &Subscription| {
        let right_status = match status.as_deref() {
            None => subscription.status != Status::Canceled,
            Some("all") => true,
            Some("ended") => subscription.status.ended(),
            Some(word) => subscription.status.word() == word,
        };
        right_status
            && customer.as_ref().is_none_or(|customer| &subscription.customer == customer)
            && price.as_ref().is_none_or(|price| subscription.items.iter().any(|item| &item.price.id == price))
            && (clock.is_none() || subscription.clock == clock)
            && params.covers_time("created", subscription.created).unwrap_or(true)
    };
    Ok(Body::json(&tx.state.subscriptions.list(account, params, "/v1/subscriptions", wanted)?))
}

pub fn search(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let terms = Terms::read(params)?;
    let wanted = |subscription: &Subscription| terms.hold(&subscription.render());
    Ok(Body::json(&tx.state.subscriptions.search(account, params, "/v1/subscriptions/search", wanted)?))
}
