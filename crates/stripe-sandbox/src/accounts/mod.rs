//! Connected accounts, and the links through which their owners give what is still needed.

mod links;
mod page;
mod verbs;

pub use links::{AccountLink, complete, create as create_link, login};
pub use page::page;
pub use verbs::{create, delete, list, platform, retrieve, update};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::form::Metadata;
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub created: i64,
    /// `express`, `standard` or `custom`.
    pub kind: String,
    pub country: String,
    pub default_currency: String,
    pub email: Option<String>,
    pub business_type: Option<String>,
    pub business_name: Option<String>,
    pub business_url: Option<String>,
    /// The capabilities asked for.
    pub capabilities: Vec<String>,
    /// Whether its owner went through the form.
    pub submitted: bool,
    /// Whether it may take payments and be paid out.
    pub enabled: bool,
    pub metadata: Metadata,
    pub deleted: bool,
}

const DUE: &[&str] = &["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"];

impl Row for Account {
    const NAME: &'static str = "account";
    const PARAM: &'static str = "account";

    fn id(&self) -> &str {
        &self.id
    }

    /// Accounts belong to the platform.
    fn account(&self) -> Option<&str> {
        None
    }

    fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "account", "deleted": true });
        }
        let due: &[&str] = if self.submitted { &[] } else { DUE };
        let capability = if self.enabled { "active" } else { "inactive" };
        let capabilities: serde_json::Map<String, Value> =
            self.capabilities.iter().map(|name| (name.clone(), json!(capability))).collect();
        let none: [&str; 0] = [];
        json!({
            "id": self.id, "object": "account", "created": self.created, "type": self.kind, "country": self.country,
            "default_currency": self.default_currency, "email": self.email, "business_type": self.business_type,
            "business_profile": {
                "mcc": null, "name": self.business_name, "product_description": null, "support_address": null,
                "support_email": null, "support_phone": null, "support_url": null, "url": self.business_url,
            },
            "capabilities": capabilities, "charges_enabled": self.enabled, "payouts_enabled": self.enabled,
            "details_submitted": self.submitted,
            "controller": {
                "fees": { "payer": "account" }, "is_controller": true, "losses": { "payments": "stripe" },
                "requirement_collection": "stripe",
                "stripe_dashboard": { "type": if self.kind == "standard" { "full" } else { "express" } },
                "type": "application",
            },
            "external_accounts": {
                "object": "list", "data": [], "has_more": false, "total_count": 0,
                "url": format!("/v1/accounts/{}/external_accounts", self.id),
            },
            "future_requirements": {
                "alternatives": [], "current_deadline": null, "currently_due": none, "disabled_reason": null,
                "errors": [], "eventually_due": none, "past_due": none, "pending_verification": none,
            },
            "metadata": self.metadata,
            "requirements": {
                "alternatives": [], "current_deadline": null, "currently_due": due,
                "disabled_reason": if self.enabled { Value::Null } else { json!("requirements.past_due") },
                "errors": [], "eventually_due": due, "past_due": due, "pending_verification": none,
            },
            "settings": {
                "bacs_debit_payments": { "display_name": null, "service_user_number": null },
                "branding": { "icon": null, "logo": null, "primary_color": null, "secondary_color": null },
                "card_payments": {
                    "decline_on": { "avs_failure": false, "cvc_failure": false }, "statement_descriptor_prefix": null,
                    "statement_descriptor_prefix_kana": null, "statement_descriptor_prefix_kanji": null,
                },
                "dashboard": { "display_name": self.business_name, "timezone": "Etc/UTC" },
                "payments": {
                    "statement_descriptor": null, "statement_descriptor_kana": null,
                    "statement_descriptor_kanji": null,
                },
                "payouts": {
                    "debit_negative_balances": true,
                    "schedule": { "delay_days": 2, "interval": "daily" }, "statement_descriptor": null,
                },
            },
            "tos_acceptance": { "date": self.submitted.then_some(self.created) },
        })
    }
}
