//! Invoices.
//!
//! ```text
//! draft ── (an hour, or at once) ── open ──┬── paid
//!                                          ├── void
//!                                          └── uncollectible ── paid | void
//! ```

mod build;
mod collect;
mod due;
mod finalize;
mod items;
mod lines;
mod pdf;
mod preview;
mod read;
mod verbs;

pub use build::{Draft, HOUR, draft, pending};
pub use collect::{attempt, count_attempt, live_with, payment_failed, payment_succeeded, payment_waits};
pub use due::{due, turn};
pub use finalize::{finalize, mark_uncollectible, void};
pub use items::{
    InvoiceItem, create as create_item, delete as delete_item, keep as keep_item, list as list_items,
    retrieve as retrieve_item,
};
pub use lines::{Line, day, for_period, money, product as product_name, rate, usage};
pub use pdf::pdf;
pub use preview::{create_preview, upcoming};
pub use read::{by_secret, lines as list_lines, list, payment, payments, retrieve, search};
pub use verbs::{
    create, delete, finalize as finalize_verb, mark_uncollectible as uncollectible_verb, pay, update, void as void_verb,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::decimal;
use crate::form::Metadata;
use crate::table::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    Open,
    Paid,
    Void,
    Uncollectible,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::Uncollectible => "uncollectible",
        }
    }
}

/// What an invoice was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    SubscriptionCreate,
    SubscriptionCycle,
    SubscriptionUpdate,
    Manual,
    Upcoming,
}

impl Occasion {
    fn word(self) -> &'static str {
        match self {
            Self::SubscriptionCreate => "subscription_create",
            Self::SubscriptionCycle => "subscription_cycle",
            Self::SubscriptionUpdate => "subscription_update",
            Self::Manual => "manual",
            Self::Upcoming => "upcoming",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    pub finalized: Option<i64>,
    pub paid: Option<i64>,
    pub voided: Option<i64>,
    pub uncollectible: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invoice {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub customer: String,
    pub customer_email: Option<String>,
    pub customer_name: Option<String>,
    pub customer_address: Option<Value>,
    pub subscription: Option<String>,
    /// The subscription's metadata when the invoice was made.
    pub subscription_metadata: Metadata,
    pub status: Status,
    pub occasion: Occasion,
    pub currency: String,
    pub lines: Vec<Line>,
    pub number: Option<String>,
    pub send_invoice: bool,
    pub due_date: Option<i64>,
    pub auto_advance: bool,
    pub finalizes_at: Option<i64>,
    pub period_start: i64,
    pub period_end: i64,
    pub starting_balance: i64,
    pub ending_balance: Option<i64>,
    pub amount_due: i64,
    pub amount_paid: i64,
    pub attempt_count: i64,
    pub attempted: bool,
    pub next_payment_attempt: Option<i64>,
    pub default_payment_method: Option<String>,
    pub payment_intent: Option<String>,
    pub paid_out_of_band: bool,
    pub moments: Moments,
    pub description: Option<String>,
    pub footer: Option<String>,
    pub metadata: Metadata,
    pub clock: Option<String>,
    /// Opens the page and the PDF.
    pub secret: String,
    /// Where the page is, once there is one.
    pub page: Option<String>,
}

impl Invoice {
    pub fn total(&self) -> i64 {
        decimal::sum(self.lines.iter().map(|line| line.amount))
    }

    pub fn remaining(&self) -> i64 {
        self.amount_due - self.amount_paid
    }

    /// Whether nothing more is expected of it.
    pub fn settled(&self) -> bool {
        match self.status {
            Status::Paid | Status::Void | Status::Uncollectible => true,
            Status::Draft | Status::Open => false,
        }
    }

    fn parent(&self) -> Value {
        let Some(subscription) = &self.subscription else { return Value::Null };
        json!({
            "type": "subscription_details", "quote_details": null,
            "subscription_details": {
                "metadata": self.subscription_metadata, "subscription": subscription,
                "subscription_proration_date": null,
            },
        })
    }
}

impl Row for Invoice {
    const NAME: &'static str = "invoice";
    const PARAM: &'static str = "invoice";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let lines: Vec<Value> = self.lines.iter().map(|line| line.render(&self.id)).collect();
        let total = self.total();
        let mut invoice = json!({
            "id": self.id, "object": "invoice", "created": self.created, "livemode": false,
            "account_country": "US", "account_name": "Sandbox", "account_tax_ids": null,
            "amount_due": self.amount_due, "amount_overpaid": 0, "amount_paid": self.amount_paid,
            "amount_remaining": self.remaining(), "amount_shipping": 0, "application": null,
            "attempt_count": self.attempt_count, "attempted": self.attempted, "auto_advance": self.auto_advance,
            "automatic_tax": {
                "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null,
            },
            "automatically_finalizes_at": self.finalizes_at, "billing_reason": self.occasion.word(),
            "collection_method": if self.send_invoice { "send_invoice" } else { "charge_automatically" },
            "currency": self.currency, "custom_fields": null, "customer": self.customer,
            "customer_address": self.customer_address, "customer_email": self.customer_email,
            "customer_name": self.customer_name, "customer_phone": null, "customer_shipping": null,
            "customer_tax_exempt": "none", "customer_tax_ids": [],
            "default_payment_method": self.default_payment_method, "default_source": null, "default_tax_rates": [],
            "description": self.description, "discounts": [], "due_date": self.due_date,
            "effective_at": self.moments.finalized, "ending_balance": self.ending_balance, "footer": self.footer,
            "from_invoice": null, "hosted_invoice_url": self.page,
            "invoice_pdf": self.page.as_ref().map(|page| format!("{page}/pdf")), "issuer": { "type": "self" },
            "last_finalization_error": null, "latest_revision": null,
            "lines": {
                "object": "list", "data": lines, "has_more": false, "total_count": lines.len(),
                "url": format!("/v1/invoices/{}/lines", self.id),
            },
            "metadata": self.metadata, "next_payment_attempt": self.next_payment_attempt, "number": self.number,
            "on_behalf_of": null, "parent": self.parent(),
        });
        let rest = json!({
            "payment_settings": {
                "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
            },
            "period_start": self.period_start, "period_end": self.period_end, "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0, "receipt_number": null, "rendering": null, "shipping_cost": null,
            "shipping_details": null, "starting_balance": self.starting_balance, "statement_descriptor": null,
            "status": self.status.word(),
            "status_transitions": {
                "finalized_at": self.moments.finalized, "marked_uncollectible_at": self.moments.uncollectible,
                "paid_at": self.moments.paid, "voided_at": self.moments.voided,
            },
            "subtotal": total, "subtotal_excluding_tax": total, "test_clock": self.clock, "total": total,
            "total_discount_amounts": [], "total_excluding_tax": total, "total_pretax_credit_amounts": [],
            "total_taxes": [], "webhooks_delivered_at": self.moments.finalized,
        });
        if let (Some(fields), Some(more)) = (invoice.as_object_mut(), rest.as_object()) {
            fields.extend(more.clone());
            // What is only foreseen has no id.
            if self.id.is_empty() {
                fields.remove("id");
            }
        }
        invoice
    }
}
