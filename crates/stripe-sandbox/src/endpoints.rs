//! Webhook endpoints registered through the API.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::events::{API_VERSION, covers};
use crate::form::{Metadata, Params};
use crate::ids::{new_id, now, random};
use crate::state::{Body, Change, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub url: String,
    pub secret: String,
    pub enabled_events: Vec<String>,
    /// Whether it hears of connected accounts instead of the platform's own.
    pub connect: bool,
    pub enabled: bool,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub deleted: bool,
}

impl Endpoint {
    pub fn wants(&self, kind: &str, account: Option<&str>) -> bool {
        let theirs = match (self.connect, account) {
            (true, account) => account.is_some() && self.account.is_none(),
            (false, account) => self.account.as_deref() == account,
        };
        theirs && self.enabled && !self.deleted && self.enabled_events.iter().any(|pattern| covers(pattern, kind))
    }
}

impl Row for Endpoint {
    const NAME: &'static str = "webhook endpoint";
    const PARAM: &'static str = "webhook_endpoint";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "webhook_endpoint", "deleted": true });
        }
        json!({
            "id": self.id, "object": "webhook_endpoint", "api_version": API_VERSION, "application": null,
            "created": self.created, "description": self.description, "enabled_events": self.enabled_events,
            "livemode": false, "metadata": self.metadata,
            "status": if self.enabled { "enabled" } else { "disabled" }, "url": self.url,
        })
    }
}

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&["api_version", "connect", "description", "enabled_events", "metadata", "url"])?;
    let mut endpoint = Endpoint {
        id: new_id("we"),
        account: account.map(str::to_owned),
        created: now(),
        url: params.text("url")?.ok_or_else(|| ApiError::missing_param("url"))?,
        secret: format!("whsec_{}", random(32)),
        enabled_events: params.list("enabled_events"),
        connect: params.boolean("connect")?.unwrap_or(false),
        enabled: true,
        description: params.text("description")?,
        metadata: Metadata::new(),
        deleted: false,
    };
    check(&endpoint)?;
    params.merge_metadata(&mut endpoint.metadata)?;
    tx.put(Change::Endpoint(endpoint.clone()));
    let mut shown = endpoint.render();
    shown["secret"] = json!(endpoint.secret);
    Ok(Body::json(&shown))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["description", "disabled", "enabled_events", "metadata", "url"])?;
    let mut endpoint = living(tx, account, id)?;
    if let Some(url) = params.text("url")? {
        endpoint.url = url;
    }
    if params.has("enabled_events") {
        endpoint.enabled_events = params.list("enabled_events");
    }
    if let Some(disabled) = params.boolean("disabled")? {
        endpoint.enabled = !disabled;
    }
    check(&endpoint)?;
    params.merge_metadata(&mut endpoint.metadata)?;
    tx.put(Change::Endpoint(endpoint.clone()));
    Ok(Body::json(&endpoint.render()))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::json(&living(tx, account, id)?.render()))
}

pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let endpoint = Endpoint { deleted: true, ..living(tx, account, id)? };
    tx.put(Change::Endpoint(endpoint.clone()));
    Ok(Body::json(&endpoint.render()))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let alive = |endpoint: &Endpoint| !endpoint.deleted;
    Ok(Body::json(&tx.state.endpoints.list(account, params, "/v1/webhook_endpoints", alive)?))
}

fn living(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Endpoint, ApiError> {
    let endpoint = tx.state.endpoints.get(account, id)?;
    if endpoint.deleted { Err(ApiError::not_found(Endpoint::NAME, id, Endpoint::PARAM)) } else { Ok(endpoint.clone()) }
}

fn check(endpoint: &Endpoint) -> Result<(), ApiError> {
    if !endpoint.url.starts_with("http://") {
        let message = "The sandbox delivers webhooks only to http:// addresses.";
        return Err(ApiError::invalid(message, Some("url"), Some("url_invalid")));
    }
    if endpoint.enabled_events.is_empty() {
        return Err(ApiError::missing_param("enabled_events"));
    }
    Ok(())
}
