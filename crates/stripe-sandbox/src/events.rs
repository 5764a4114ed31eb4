//! Events: what happened, kept as it was when it happened.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Params;
use crate::state::{Body, Snapshot, Tx};
use crate::table::Row;

/// The API version whose shapes the sandbox speaks.
pub const API_VERSION: &str = "2026-09-30.endive";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub kind: String,
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    pub object: Snapshot,
    /// What the fields that changed were before, as JSON.
    #[serde(default)]
    pub previous: Option<String>,
    /// Who is to be told: ids of webhook endpoints.
    pub targets: Vec<String>,
}

impl Event {
    /// Whether it is about what the platform sells and to whom, rather than about a shopper's payment.
    pub fn about_billing(&self) -> bool {
        const PAYMENTS: &[&str] = &["payment_intent.", "charge.", "refund."];
        !PAYMENTS.iter().any(|prefix| self.kind.starts_with(prefix))
    }
}

impl Row for Event {
    const NAME: &'static str = "event";
    const PARAM: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let mut event = json!({
            "id": self.id, "object": "event", "api_version": API_VERSION, "created": self.created,
            "data": { "object": self.object.render() }, "livemode": false, "pending_webhooks": self.targets.len(),
            "request": { "id": self.request_id, "idempotency_key": self.idempotency_key }, "type": self.kind,
        });
        if let Some(previous) = &self.previous {
            event["data"]["previous_attributes"] = serde_json::from_str(previous).unwrap_or_default();
        }
        if let Some(account) = &self.account {
            event["account"] = json!(account);
        }
        event
    }
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::json(&tx.state.events.get(account, id)?.render()))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let kind = params.text("type")?;
    let kinds = params.list("types");
    let wanted = |event: &Event| {
        kind.as_ref().is_none_or(|kind| covers(kind, &event.kind))
            && (kinds.is_empty() || kinds.iter().any(|kind| covers(kind, &event.kind)))
    };
    Ok(Body::json(&tx.state.events.list(account, params, "/v1/events", wanted)?))
}

/// Whether a subscription to `pattern` (a type, `some.*` or `*`) covers events of type `kind`.
pub fn covers(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => kind.starts_with(prefix),
        None => pattern == kind,
    }
}
