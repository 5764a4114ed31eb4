//! Billing meters, and the usage reported to them.

mod events;
mod verbs;

pub use events::{Usage, report, summaries, total};
pub use verbs::{create, list, retrieve, set_active, update};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::table::Row;

/// How the values reported add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    Sum,
    Count,
    Last,
}

impl Formula {
    fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Last => "last",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Meter {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub updated: i64,
    pub display_name: String,
    pub event_name: String,
    pub formula: Formula,
    pub customer_key: String,
    pub value_key: String,
    pub deactivated_at: Option<i64>,
}

impl Row for Meter {
    const NAME: &'static str = "billing meter";
    const PARAM: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        json!({
            "id": self.id, "object": "billing.meter", "created": self.created, "updated": self.updated,
            "livemode": false, "customer_mapping": { "event_payload_key": self.customer_key, "type": "by_id" },
            "default_aggregation": { "formula": self.formula.word() }, "display_name": self.display_name,
            "event_name": self.event_name, "event_time_window": null,
            "status": if self.deactivated_at.is_some() { "inactive" } else { "active" },
            "status_transitions": { "deactivated_at": self.deactivated_at },
            "value_settings": { "event_payload_key": self.value_key },
        })
    }
}
