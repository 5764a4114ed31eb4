//! Subscriptions.
//!
//! ```text
//! incomplete ──┬── active ◀──▶ past_due ── unpaid        (after the last retry, as set)
//!    │         │     ▲             │          │
//!    ▼         │     ├─────────────┴──────────┘          when what is owed is paid
//! incomplete_  │  trialing ── paused ── active            (a trial that ends without a card)
//!   expired    └─────┴────────┴── canceled               from any of them
//! ```

mod cancel;
mod change;
mod create;
mod cycle;
mod items;
mod outcome;
mod period;
mod read;
mod update;

pub use cancel::{cancel, end};
pub use change::{Ask, Behavior, Planned, Share, Trial, plan};
pub use create::{New, Payment, blank, create, missing_method, start, trial_end};
pub use cycle::{TRIAL_NOTICE, due, turn};
pub use items::{Wanted, read as read_items};
pub use outcome::{invoice_paid, payment_failed};
pub use period::{Interval, boundary, end_of};
pub use read::{list, retrieve, search};
pub use update::{asked, resume, update};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::Price;
use crate::form::Metadata;
use crate::table::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Paused,
    Canceled,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
        }
    }

    pub fn ended(self) -> bool {
        match self {
            Self::Canceled | Self::IncompleteExpired => true,
            Self::Incomplete | Self::Trialing | Self::Active | Self::PastDue | Self::Unpaid | Self::Paused => false,
        }
    }
}

/// What happens when a trial ends and there is nothing to charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingMethod {
    Cancel,
    Pause,
    #[default]
    CreateInvoice,
}

impl MissingMethod {
    pub const WORDS: &[&str] = &["cancel", "create_invoice", "pause"];

    pub fn parse(word: &str) -> Self {
        match word {
            "cancel" => Self::Cancel,
            "pause" => Self::Pause,
            _ => Self::CreateInvoice,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::CreateInvoice => "create_invoice",
        }
    }
}

/// What becomes of invoices while collection pauses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub behavior: String,
    pub resumes_at: Option<i64>,
}

/// Why a subscription ends, in the customer's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub comment: Option<String>,
    pub feedback: Option<String>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
    pub created: i64,
    pub price: Price,
    /// `None` for what is metered.
    pub quantity: Option<i64>,
    pub metadata: Metadata,
}

impl Item {
    /// What a whole period of it costs, when that is known in advance.
    pub fn per_period(&self) -> i64 {
        self.quantity.map_or(0, |quantity| self.price.unit.times(quantity))
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscription {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub customer: String,
    pub status: Status,
    pub items: Vec<Item>,
    pub currency: String,
    pub anchor: i64,
    pub period_start: i64,
    pub period_end: i64,
    pub trial_start: Option<i64>,
    pub trial_end: Option<i64>,
    pub missing_method: MissingMethod,
    pub cancel_at_period_end: bool,
    pub cancel_at: Option<i64>,
    pub canceled_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub reason: Reason,
    pub send_invoice: bool,
    pub days_until_due: Option<i64>,
    pub default_payment_method: Option<String>,
    pub save_default: bool,
    pub description: Option<String>,
    pub latest_invoice: Option<String>,
    pub pause: Option<Pause>,
    pub clock: Option<String>,
    pub metadata: Metadata,
    /// Whether the end of the trial was announced.
    pub trial_end_told: bool,
    /// The end of the period whose renewal was announced.
    pub renewal_told: Option<i64>,
}

impl Subscription {
    /// How often it renews: all items agree on it.
    pub fn interval(&self) -> (Interval, u32) {
        let recurring = self.items.first().and_then(|item| item.price.recurring.as_ref());
        recurring.map_or((Interval::Month, 1), |recurring| (recurring.interval, recurring.count))
    }

    fn render_item(&self, item: &Item) -> Value {
        let mut shown = json!({
            "id": item.id, "object": "subscription_item", "created": item.created, "billing_thresholds": null,
            "current_period_start": self.period_start, "current_period_end": self.period_end, "discounts": [],
            "metadata": item.metadata, "plan": item.price.as_plan(), "price": item.price.render(),
            "subscription": self.id, "tax_rates": [],
        });
        if let Some(quantity) = item.quantity {
            shown["quantity"] = json!(quantity);
        }
        shown
    }
}

impl Row for Subscription {
    const NAME: &'static str = "subscription";
    const PARAM: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let items: Vec<Value> = self.items.iter().map(|item| self.render_item(item)).collect();
        let pause = self.pause.as_ref();
        json!({
            "id": self.id, "object": "subscription", "created": self.created, "livemode": false,
            "application": null, "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": self.anchor, "billing_cycle_anchor_config": null,
            "billing_mode": { "type": "classic", "flexible": null }, "billing_schedules": [],
            "billing_thresholds": null, "cancel_at": self.cancel_at,
            "cancel_at_period_end": self.cancel_at_period_end, "canceled_at": self.canceled_at,
            "cancellation_details": {
                "comment": self.reason.comment, "feedback": self.reason.feedback, "reason": self.reason.reason,
            },
            "collection_method": if self.send_invoice { "send_invoice" } else { "charge_automatically" },
            "currency": self.currency, "customer": self.customer, "days_until_due": self.days_until_due,
            "default_payment_method": self.default_payment_method, "default_source": null, "default_tax_rates": [],
            "description": self.description, "discounts": [], "ended_at": self.ended_at,
            "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
            "items": {
                "object": "list", "data": items, "has_more": false, "total_count": items.len(),
                "url": format!("/v1/subscription_items?subscription={}", self.id),
            },
            "latest_invoice": self.latest_invoice, "metadata": self.metadata,
            "next_pending_invoice_item_invoice": null, "on_behalf_of": null,
            "pause_collection":
                pause.map(|pause| json!({ "behavior": pause.behavior, "resumes_at": pause.resumes_at })),
            "payment_settings": {
                "payment_method_options": null, "payment_method_types": null,
                "save_default_payment_method": if self.save_default { "on_subscription" } else { "off" },
            },
            "pending_invoice_item_interval": null, "pending_setup_intent": null, "pending_update": null,
            "schedule": null, "start_date": self.created, "status": self.status.word(), "test_clock": self.clock,
            "transfer_data": null, "trial_end": self.trial_end,
            "trial_settings": { "end_behavior": { "missing_payment_method": self.missing_method.word() } },
            "trial_start": self.trial_start,
        })
    }
}
