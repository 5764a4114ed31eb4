//! Usage: reported once by its identifier, and added up.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Formula, Meter};
use crate::customers;
use crate::error::ApiError;
use crate::form::Params;
use crate::ids::{new_id, random};
use crate::state::{Body, Change, State, Tx};
use crate::table::Row;

const OLDEST: i64 = 35 * 24 * 60 * 60;
const AHEAD: i64 = 5 * 60;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Usage {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub meter: String,
    pub event_name: String,
    pub identifier: String,
    pub customer: String,
    pub value: i64,
    pub timestamp: i64,
    pub payload: Value,
}

impl Row for Usage {
    const NAME: &'static str = "meter event";
    const PARAM: &'static str = "identifier";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        json!({
            "object": "billing.meter_event", "created": self.created, "event_name": self.event_name,
            "identifier": self.identifier, "livemode": false, "payload": self.payload, "timestamp": self.timestamp,
        })
    }
}

pub fn report(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&["event_name", "identifier", "payload", "timestamp"])?;
    let event_name = params.text("event_name")?.ok_or_else(|| ApiError::missing_param("event_name"))?;
    let named = |meter: &&Meter| meter.account.as_deref() == account && meter.event_name == event_name;
    let Some(meter) = tx.state.meters.iter().rev().find(named).cloned() else {
        let message = format!("No active meter found for event name {event_name}.");
        return Err(ApiError::invalid(&message, Some("event_name"), Some("billing_meter_not_found")));
    };
    if meter.deactivated_at.is_some() {
        let message = format!("The meter for event name {event_name} is inactive.");
        return Err(ApiError::invalid(&message, Some("event_name"), Some("archived_meter")));
    }
    let payload = params.object("payload").cloned().unwrap_or_default();
    let field = |key: &str| payload[key].as_str().ok_or_else(|| ApiError::missing_param(&format!("payload[{key}]")));
    let customer = customers::living(tx, account, field(&meter.customer_key)?)?;
    tx.live_by(customer.clock.as_deref());
    let value = match meter.formula {
        Formula::Count => 1,
        Formula::Sum | Formula::Last => {
            let text = field(&meter.value_key)?;
            text.parse::<i64>().ok().filter(|value| *value >= 0).ok_or_else(|| {
                let message = format!("Invalid meter event value: {text}; it must be a whole number of at least 0.");
                ApiError::invalid(&message, Some("payload"), Some("meter_event_invalid_value"))
            })?
        }
    };
    let timestamp = params.time("timestamp")?.unwrap_or_else(|| tx.now());
    if timestamp < tx.now() - OLDEST || timestamp > tx.now() + AHEAD {
        let message = "The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.";
        return Err(ApiError::invalid(message, Some("timestamp"), Some("timestamp_too_far_in_past")));
    }
    let identifier = params.text("identifier")?.unwrap_or_else(|| random(32));
    // One row for each identifier: it is what the table is indexed by.
    let id = format!("{}/{identifier}", account.unwrap_or_default());
    if tx.state.usage.any(&id).is_some() {
        let message = format!("An event already exists with identifier {identifier}.");
        return Err(ApiError::invalid(&message, None, None));
    }
    let usage = Usage {
        id,
        account: account.map(str::to_owned),
        created: tx.now(),
        meter: meter.id,
        event_name,
        identifier,
        customer: customer.id,
        value,
        timestamp,
        payload,
    };
    tx.put(Change::Usage(usage.clone()));
    Ok(Body::json(&usage.render()))
}

/// What was used from `start` until before `end`.
pub fn total(state: &State, meter: &str, customer: &str, start: i64, end: i64) -> i64 {
    let Some(formula) = state.meters.any(meter).map(|meter| meter.formula) else { return 0 };
    let theirs =
        |usage: &&Usage| usage.meter == meter && usage.customer == customer && (start..end).contains(&usage.timestamp);
    let values = state.usage.iter().filter(theirs);
    match formula {
        Formula::Sum | Formula::Count => values.fold(0, |sum: i64, usage| sum.saturating_add(usage.value)),
        Formula::Last => values.max_by_key(|usage| usage.timestamp).map_or(0, |usage| usage.value),
    }
}

pub fn summaries(tx: &Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&[
        "customer",
        "end_time",
        "limit",
        "start_time",
        "starting_after",
        "ending_before",
        "value_grouping_window",
    ])?;
    tx.state.meters.get(account, id)?;
    let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
    let start = params.time("start_time")?.ok_or_else(|| ApiError::missing_param("start_time"))?;
    let end = params.time("end_time")?.ok_or_else(|| ApiError::missing_param("end_time"))?;
    if end <= start || start % 60 != 0 || end % 60 != 0 {
        let message = "`start_time` and `end_time` must be aligned with minute boundaries, in this order.";
        return Err(ApiError::invalid(message, Some("start_time"), None));
    }
    let width = match params.choice("value_grouping_window", &["hour", "day"])?.as_deref() {
        Some("hour") => 60 * 60,
        Some(_) => 24 * 60 * 60,
        None => end - start,
    };
    let mut data = Vec::new();
    let mut from = start;
    while from < end && data.len() < 1000 {
        let until = (from + width).min(end);
        let value = total(tx.state, id, &customer, from, until);
        if value > 0 || width == end - start {
            data.push(json!({
                "id": new_id("mtrusg"), "object": "billing.meter_event_summary", "aggregated_value": value,
                "start_time": from, "end_time": until, "livemode": false, "meter": id,
            }));
        }
        from = until;
    }
    data.reverse();
    let url = format!("/v1/billing/meters/{id}/event_summaries");
    Ok(Body::json(&json!({ "object": "list", "url": url, "has_more": false, "data": data })))
}
