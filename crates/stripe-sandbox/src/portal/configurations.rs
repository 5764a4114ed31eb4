//! What the portal lets a customer do.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Configuration {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub updated: i64,
    pub active: bool,
    pub is_default: bool,
    pub default_return_url: Option<String>,
    pub headline: Option<String>,
    pub may_cancel: bool,
    /// `at_period_end` or `immediately`.
    pub cancel_mode: String,
    pub may_change_plan: bool,
    /// The prices to choose from; all that are for sale when empty.
    pub prices: Vec<String>,
    pub proration_behavior: String,
    pub may_change_card: bool,
    pub shows_invoices: bool,
    pub metadata: Metadata,
}

impl Row for Configuration {
    const NAME: &'static str = "configuration";
    const PARAM: &'static str = "configuration";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        json!({
            "id": self.id, "object": "billing_portal.configuration", "created": self.created,
            "updated": self.updated, "livemode": false, "active": self.active, "application": null,
            "business_profile": {
                "headline": self.headline, "privacy_policy_url": null, "terms_of_service_url": null,
            },
            "default_return_url": self.default_return_url, "is_default": self.is_default,
            "login_page": { "enabled": false, "url": null }, "metadata": self.metadata, "name": null,
            "features": {
                "customer_update": { "allowed_updates": [], "enabled": false },
                "invoice_history": { "enabled": self.shows_invoices },
                "payment_method_update": { "enabled": self.may_change_card, "payment_method_configuration": null },
                "subscription_cancel": {
                    "cancellation_reason": { "enabled": false, "options": [] }, "enabled": self.may_cancel,
                    "mode": self.cancel_mode, "proration_behavior": "none",
                },
                "subscription_update": {
                    "billing_cycle_anchor": null, "default_allowed_updates": ["price"],
                    "enabled": self.may_change_plan, "products": [],
                    "proration_behavior": self.proration_behavior,
                    "schedule_at_period_end": { "conditions": [] }, "trial_update_behavior": "continue_trial",
                },
            },
        })
    }
}

impl Configuration {
    fn new(account: Option<&str>, now: i64) -> Self {
        Self {
            id: new_id("bpc"),
            account: account.map(str::to_owned),
            created: now,
            updated: now,
            active: true,
            is_default: false,
            default_return_url: None,
            headline: None,
            may_cancel: true,
            cancel_mode: "at_period_end".to_owned(),
            may_change_plan: true,
            prices: Vec::new(),
            proration_behavior: "always_invoice".to_owned(),
            may_change_card: true,
            shows_invoices: true,
            metadata: Metadata::new(),
        }
    }
}

const KNOWN: &[&str] =
    &["active", "business_profile", "default_return_url", "features", "login_page", "metadata", "name"];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    if !params.has("features") {
        return Err(ApiError::missing_param("features"));
    }
    let blank = Configuration {
        may_cancel: false,
        may_change_plan: false,
        may_change_card: false,
        shows_invoices: false,
        proration_behavior: "none".to_owned(),
        ..Configuration::new(account, tx.now())
    };
    let made = read(tx, blank, params)?;
    tx.put(Change::PortalConfiguration(made.clone()));
    tx.emit("billing_portal.configuration.created", Snapshot::PortalConfiguration(made.clone()));
    Ok(Body::of(Snapshot::PortalConfiguration(made)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let known = tx.state.portal_configurations.get(account, id)?.clone();
    let before = known.render();
    let changed = Configuration { updated: tx.now(), ..read(tx, known, params)? };
    tx.put(Change::PortalConfiguration(changed.clone()));
    let object = Snapshot::PortalConfiguration(changed.clone());
    tx.emit_update("billing_portal.configuration.updated", &before, object);
    Ok(Body::of(Snapshot::PortalConfiguration(changed)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::PortalConfiguration(tx.state.portal_configurations.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (active, default) = (params.boolean("active")?, params.boolean("is_default")?);
    let wanted = |known: &Configuration| {
        active.is_none_or(|active| known.active == active) && default.is_none_or(|default| known.is_default == default)
    };
    let url = "/v1/billing_portal/configurations";
    Ok(Body::json(&tx.state.portal_configurations.list(account, params, url, wanted)?))
}

/// The one named, or the one that stands for all who name none.
pub fn chosen(tx: &mut Tx<'_>, account: Option<&str>, id: Option<&str>) -> Result<Configuration, ApiError> {
    if let Some(id) = id {
        return tx.state.portal_configurations.get(account, id).cloned();
    }
    let theirs = |known: &&Configuration| known.account.as_deref() == account && known.is_default;
    if let Some(known) = tx.state.portal_configurations.iter().find(theirs) {
        return Ok(known.clone());
    }
    let made = Configuration { is_default: true, ..Configuration::new(account, tx.now()) };
    tx.put(Change::PortalConfiguration(made.clone()));
    Ok(made)
}

fn read(tx: &Tx<'_>, mut known: Configuration, params: &Params) -> Result<Configuration, ApiError> {
    if let Some(active) = params.boolean("active")? {
        known.active = active;
    }
    if let Some(back) = params.change("default_return_url")? {
        known.default_return_url = back;
    }
    if let Some(headline) = params.within("business_profile").change("headline")? {
        known.headline = headline;
    }
    let features = params.within("features");
    let flags = [
        ("subscription_cancel", &mut known.may_cancel),
        ("subscription_update", &mut known.may_change_plan),
        ("payment_method_update", &mut known.may_change_card),
        ("invoice_history", &mut known.shows_invoices),
    ];
    for (name, flag) in flags {
        if let Some(enabled) = features.within(name).boolean("enabled")? {
            *flag = enabled;
        }
    }
    if let Some(mode) = features.within("subscription_cancel").choice("mode", &["at_period_end", "immediately"])? {
        known.cancel_mode = mode;
    }
    let change = features.within("subscription_update");
    if let Some(behavior) = change.choice("proration_behavior", &["always_invoice", "create_prorations", "none"])? {
        known.proration_behavior = behavior;
    }
    if change.has("products") {
        known.prices = change.each("products").iter().flat_map(|product| product.list("prices")).collect();
        for price in &known.prices {
            tx.state.prices.get(known.account.as_deref(), price)?;
        }
    }
    params.merge_metadata(&mut known.metadata)?;
    Ok(known)
}
