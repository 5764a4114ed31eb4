//! What a caller may do with a meter.

use super::{Formula, Meter};
use crate::error::ApiError;
use crate::form::Params;
use crate::ids::new_id;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row as _;

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&[
        "customer_mapping",
        "default_aggregation",
        "display_name",
        "event_name",
        "event_time_window",
        "value_settings",
    ])?;
    let required = |name: &str| params.text(name)?.ok_or_else(|| ApiError::missing_param(name));
    let event_name = required("event_name")?;
    let taken = |meter: &Meter| {
        meter.account.as_deref() == account && meter.event_name == event_name && meter.deactivated_at.is_none()
    };
    if tx.state.meters.iter().any(taken) {
        let message = format!("There is already a meter with the event name {event_name}.");
        return Err(ApiError::invalid(&message, Some("event_name"), Some("resource_already_exists")));
    }
    let formula = match params.within("default_aggregation").choice("formula", &["sum", "count", "last"])?.as_deref() {
        Some("count") => Formula::Count,
        Some("last") => Formula::Last,
        Some(_) => Formula::Sum,
        None => return Err(ApiError::missing_param("default_aggregation[formula]")),
    };
    let key = |at: &str, usual: &str| params.nested(&[at, "event_payload_key"]).unwrap_or(usual).to_owned();
    let meter = Meter {
        id: new_id("mtr"),
        account: account.map(str::to_owned),
        created: tx.now(),
        updated: tx.now(),
        display_name: required("display_name")?,
        event_name,
        formula,
        customer_key: key("customer_mapping", "stripe_customer_id"),
        value_key: key("value_settings", "value"),
        deactivated_at: None,
    };
    tx.put(Change::Meter(meter.clone()));
    tx.emit("billing.meter.created", Snapshot::Meter(meter.clone()));
    Ok(Body::of(Snapshot::Meter(meter)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["display_name"])?;
    let mut meter = tx.state.meters.get(account, id)?.clone();
    let before = meter.render();
    if let Some(name) = params.text("display_name")? {
        meter.display_name = name;
        meter.updated = tx.now();
    }
    tx.put(Change::Meter(meter.clone()));
    tx.emit_update("billing.meter.updated", &before, Snapshot::Meter(meter.clone()));
    Ok(Body::of(Snapshot::Meter(meter)))
}

pub fn set_active(tx: &mut Tx<'_>, account: Option<&str>, id: &str, active: bool) -> Result<Body, ApiError> {
    let mut meter = tx.state.meters.get(account, id)?.clone();
    meter.deactivated_at = (!active).then(|| tx.now());
    meter.updated = tx.now();
    tx.put(Change::Meter(meter.clone()));
    let kind = if active { "billing.meter.reactivated" } else { "billing.meter.deactivated" };
    tx.emit(kind, Snapshot::Meter(meter.clone()));
    Ok(Body::of(Snapshot::Meter(meter)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Meter(tx.state.meters.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let status = params.choice("status", &["active", "inactive"])?;
    let wanted =
        |meter: &Meter| status.as_ref().is_none_or(|status| (status == "active") == meter.deactivated_at.is_none());
    Ok(Body::json(&tx.state.meters.list(account, params, "/v1/billing/meters", wanted)?))
}
