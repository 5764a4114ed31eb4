//! Reading and expiring checkout sessions.

use serde_json::{Value, json};

use super::{LineItem, Session, Status};
use crate::error::ApiError;
use crate::form::Params;
use crate::state::{Body, Change, Snapshot, Tx};

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Session(tx.state.sessions.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (customer, subscription) = (params.text("customer")?, params.text("subscription")?);
    let intent = params.text("payment_intent")?;
    let status = params.choice("status", &["complete", "expired", "open"])?;
    params.covers_time("created", 0)?;
    let wanted = |session: &Session| {
        (customer.is_none() || session.customer == customer)
            && (subscription.is_none() || session.subscription == subscription)
            && (intent.is_none() || session.payment_intent == intent)
            && status.as_ref().is_none_or(|status| session.status.word() == status)
            && params.covers_time("created", session.created).unwrap_or(true)
    };
    Ok(Body::json(&tx.state.sessions.list(account, params, "/v1/checkout/sessions", wanted)?))
}

pub fn line_items(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::json(&items(tx.state.sessions.get(account, id)?)))
}

/// The items as a list.
pub fn items(session: &Session) -> Value {
    let data: Vec<Value> = session.items.iter().map(LineItem::render).collect();
    let url = format!("/v1/checkout/sessions/{}/line_items", session.id);
    json!({ "object": "list", "url": url, "has_more": false, "data": data })
}

pub fn expire(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let session = tx.state.sessions.get(account, id)?.clone();
    if session.status != Status::Open {
        let message = format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of \
             {}.",
            session.status.word()
        );
        return Err(ApiError::invalid(&message, None, None));
    }
    turn(tx, id);
    retrieve(tx, account, id)
}

/// Its time is over.
pub fn turn(tx: &mut Tx<'_>, id: &str) {
    let Some(session) = tx.state.sessions.any(id).filter(|session| session.status == Status::Open).cloned() else {
        return;
    };
    tx.live_by(session.clock.as_deref());
    let session = Session { status: Status::Expired, ..session };
    tx.put(Change::Session(session.clone()));
    tx.emit("checkout.session.expired", Snapshot::Session(session));
}
