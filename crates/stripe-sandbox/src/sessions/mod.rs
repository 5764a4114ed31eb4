//! Checkout sessions: a page where somebody subscribes, pays once, or saves a card.
//!
//! ```text
//! open ──┬── complete        paid, or saved, on the page
//!        └── expired         after a day, or on demand
//! ```

mod complete;
mod create;
mod page;
mod read;

pub use complete::complete;
pub use create::create;
pub use page::page;
pub use read::{expire, items, line_items, list, retrieve, turn};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::Price;
use crate::decimal;
use crate::form::Metadata;
use crate::subscriptions::MissingMethod;
use crate::table::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Subscription,
    Payment,
    Setup,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::Payment => "payment",
            Self::Setup => "setup",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    Complete,
    Expired,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LineItem {
    pub id: String,
    pub price: Price,
    pub quantity: Option<i64>,
    pub description: String,
}

impl LineItem {
    pub fn amount(&self) -> i64 {
        self.quantity.map_or(0, |quantity| self.price.unit.times(quantity))
    }

    pub fn render(&self) -> Value {
        let amount = self.amount();
        json!({
            "id": self.id, "object": "item", "amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0,
            "amount_total": amount, "currency": self.price.currency, "description": self.description,
            "price": self.price.render(), "quantity": self.quantity,
        })
    }
}

/// What the subscription is to be like that the page starts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SubscriptionData {
    pub trial_days: Option<i64>,
    pub trial_end: Option<i64>,
    pub missing_method: MissingMethod,
    pub description: Option<String>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub expires_at: i64,
    pub mode: Mode,
    pub status: Status,
    pub items: Vec<LineItem>,
    pub currency: Option<String>,
    pub customer: Option<String>,
    pub customer_email: Option<String>,
    pub client_reference_id: Option<String>,
    pub success_url: Option<String>,
    pub cancel_url: Option<String>,
    /// Whether a card is asked for even when nothing is to be paid now.
    pub always_card: bool,
    pub data: SubscriptionData,
    /// For what is paid once.
    pub intent_metadata: Metadata,
    pub subscription: Option<String>,
    pub invoice: Option<String>,
    pub payment_intent: Option<String>,
    pub setup_intent: Option<String>,
    pub paid: bool,
    pub clock: Option<String>,
    pub metadata: Metadata,
    pub page: String,
}

impl Session {
    pub fn total(&self) -> i64 {
        decimal::sum(self.items.iter().map(LineItem::amount))
    }

    /// What is to be paid on the page.
    pub fn due_now(&self) -> i64 {
        match self.mode {
            Mode::Setup => 0,
            Mode::Payment => self.total(),
            Mode::Subscription if self.data.trial_days.is_some() || self.data.trial_end.is_some() => {
                let once = self.items.iter().filter(|item| item.price.recurring.is_none());
                decimal::sum(once.map(LineItem::amount))
            }
            Mode::Subscription => self.total(),
        }
    }

    pub fn needs_card(&self) -> bool {
        self.mode != Mode::Subscription || self.always_card || self.due_now() > 0
    }
}

/// When it expires, while it is open.
pub fn due(session: &Session) -> Option<i64> {
    (session.status == Status::Open).then_some(session.expires_at)
}

impl Row for Session {
    const NAME: &'static str = "checkout.session";
    const PARAM: &'static str = "session";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let open = self.status == Status::Open;
        let total = (self.mode != Mode::Setup).then(|| self.due_now());
        let payment_status = match (self.paid, self.status) {
            (true, _) => "paid",
            (false, Status::Complete) if self.due_now() > 0 => "unpaid",
            (false, Status::Complete) => "no_payment_required",
            (false, Status::Open | Status::Expired) if self.mode == Mode::Setup => "no_payment_required",
            (false, Status::Open | Status::Expired) => "unpaid",
        };
        let details = self.customer_email.as_ref().map(|email| {
            json!({
                "address": null, "business_name": null, "email": email, "individual_name": null, "name": null,
                "phone": null, "tax_exempt": "none", "tax_ids": [],
            })
        });
        let totals = total.map(|_| json!({ "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 }));
        json!({
            "id": self.id, "object": "checkout.session", "created": self.created, "livemode": false,
            "adaptive_pricing": null, "after_expiration": null, "allow_promotion_codes": null,
            "amount_subtotal": total, "amount_total": total,
            "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
            "billing_address_collection": null, "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id, "client_secret": null, "consent": null,
            "consent_collection": null, "currency": self.currency, "custom_fields": [],
            "custom_text": {
                "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null,
            },
            "customer": self.customer, "customer_creation": if self.mode == Mode::Subscription { "always" } else { "if_required" },
            "customer_details": details, "customer_email": self.customer_email, "expires_at": self.expires_at,
            "invoice": self.invoice, "invoice_creation": null, "locale": null, "metadata": self.metadata,
            "mode": self.mode.word(), "payment_intent": self.payment_intent, "payment_link": null,
            "payment_method_collection": if self.always_card { "always" } else { "if_required" },
            "payment_method_options": {}, "payment_method_types": ["card"], "payment_status": payment_status,
            "phone_number_collection": { "enabled": false }, "recovered_from": null,
            "setup_intent": self.setup_intent, "shipping_address_collection": null, "shipping_cost": null,
            "shipping_options": [], "status": self.status.word(), "submit_type": null,
            "subscription": self.subscription, "success_url": self.success_url, "total_details": totals,
            "ui_mode": "hosted_page", "url": open.then_some(&self.page),
        })
    }
}
