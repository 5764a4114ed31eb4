//! `expand[]`: objects in the place of their ids.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Params;
use crate::state::{Body, State};
use crate::{invoices, sessions};

const DEEPEST: usize = 4;

/// The answer with everything in it that was asked for.
pub fn expand(state: &State, account: Option<&str>, params: &Params, body: Body) -> Result<Body, ApiError> {
    let paths = params.list("expand");
    if paths.is_empty() {
        return Ok(body);
    }
    let mut value: Value = match &body {
        Body::Object(object) => object.render(),
        Body::Text(text) => serde_json::from_str(text).unwrap_or_default(),
    };
    for path in &paths {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > DEEPEST {
            let message = "You cannot expand more than 4 levels of a property.";
            return Err(ApiError::invalid(message, Some("expand"), None));
        }
        follow(state, account, &mut value, &steps).map_err(|()| {
            let message = format!("This property cannot be expanded ({path}).");
            // What was asked for is done by now.
            ApiError { executed: true, ..ApiError::invalid(&message, Some("expand"), None) }
        })?;
    }
    Ok(Body::json(&value))
}

fn follow(state: &State, account: Option<&str>, value: &mut Value, steps: &[&str]) -> Result<(), ()> {
    let Some((step, rest)) = steps.split_first() else { return Ok(()) };
    if let Value::Array(items) = value {
        return items.iter_mut().try_for_each(|item| follow(state, account, item, steps));
    }
    let Some(fields) = value.as_object_mut() else { return Ok(()) };
    if !fields.contains_key(*step) {
        let Some(included) = include(state, fields.get("object"), fields.get("id"), step) else { return Err(()) };
        fields.insert((*step).to_owned(), included);
    }
    let Some(inner) = fields.get_mut(*step) else { return Err(()) };
    let id = match &*inner {
        Value::String(id) => Some(id.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    if let Some(id) = id {
        // What is not an id stays as it is, and nothing can be inside it.
        match state.find(account, &id) {
            Some(found) => *inner = found,
            None if id.contains('_') => return Ok(()),
            None => return Err(()),
        }
    }
    follow(state, account, inner, rest)
}

/// What is shown only when asked for.
fn include(state: &State, kind: Option<&Value>, id: Option<&Value>, step: &str) -> Option<Value> {
    let id = id?.as_str()?;
    match (kind?.as_str()?, step) {
        ("invoice", "payments") => {
            let invoice = state.invoices.any(id)?;
            let data: Vec<Value> = invoices::payment(state, invoice).into_iter().collect();
            let url = format!("/v1/invoice_payments?invoice={id}");
            Some(json!({ "object": "list", "data": data, "has_more": false, "url": url }))
        }
        ("invoice", "confirmation_secret") => {
            let intent = state.invoices.any(id)?.payment_intent.as_deref().and_then(|id| state.intents.any(id));
            Some(intent.map_or(
                Value::Null,
                |intent| json!({ "client_secret": intent.client_secret, "type": "payment_intent" }),
            ))
        }
        ("checkout.session", "line_items") => Some(sessions::items(state.sessions.any(id)?)),
        ("customer", "subscriptions") => {
            let theirs = state.subscriptions.iter().rev().filter(|row| row.customer == id && !row.status.ended());
            let data: Vec<Value> = theirs.map(crate::table::Row::render).collect();
            let url = format!("/v1/customers/{id}/subscriptions");
            Some(json!({ "object": "list", "data": data, "has_more": false, "url": url }))
        }
        ("price", "currency_options" | "tiers") | ("customer", "sources" | "tax" | "tax_ids") => Some(Value::Null),
        (_, _) => None,
    }
}
