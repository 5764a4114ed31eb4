//! Payment intents.
//!
//! ```text
//! requires_payment_method ── requires_confirmation ─┬─ succeeded
//!          ▲                                        ├─ requires_capture ── succeeded
//!          │                                        ├─ processing ── succeeded
//!          └──── declined, not authenticated ───────┴─ requires_action ── as after confirming
//! every status but processing, succeeded and canceled may become canceled
//! ```

mod confirm;
mod create;
mod settle;

pub use confirm::{Outcome, attempt, authenticate, confirm, finish_processing};
pub use create::{create, currency, list, retrieve, search, update};
pub use settle::{call_off, cancel, capture, lapse};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::form::Metadata;
use crate::ids::{new_id, random};
use crate::payment_methods::PaymentMethod;
use crate::table::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// Why the last attempt to pay failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentError {
    pub kind: String,
    pub code: String,
    pub decline_code: Option<String>,
    pub message: String,
    pub charge: Option<String>,
    pub method: Option<PaymentMethod>,
}

impl PaymentError {
    pub fn render(&self) -> Value {
        let mut error = json!({
            "type": self.kind, "code": self.code, "message": self.message,
            "doc_url": format!("https://stripe.com/docs/error-codes/{}", self.code),
        });
        if let Some(decline) = &self.decline_code {
            error["decline_code"] = json!(decline);
        }
        if let Some(charge) = &self.charge {
            error["charge"] = json!(charge);
        }
        if let Some(method) = &self.method {
            error["payment_method"] = method.render();
        }
        error
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Intent {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub client_secret: String,
    pub status: Status,
    pub amount: i64,
    pub amount_capturable: i64,
    pub amount_received: i64,
    pub application_fee_amount: Option<i64>,
    pub currency: String,
    pub manual_capture: bool,
    pub capture_method: String,
    pub confirmation_method: String,
    pub automatic_methods: bool,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub return_url: Option<String>,
    pub statement_descriptor: Option<String>,
    pub statement_descriptor_suffix: Option<String>,
    pub setup_future_usage: Option<String>,
    pub transfer_group: Option<String>,
    pub transfer_data: Option<Value>,
    pub on_behalf_of: Option<String>,
    pub shipping: Option<Value>,
    pub metadata: Metadata,
    pub payment_method: Option<String>,
    pub latest_charge: Option<String>,
    pub last_payment_error: Option<PaymentError>,
    /// The page on which a person authenticates, while one must.
    pub authenticate_at: Option<String>,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    /// The invoice it pays.
    #[serde(default)]
    pub invoice: Option<String>,
}

impl Intent {
    /// An intent that nobody has said anything about but what it is worth.
    pub fn new(account: Option<&str>, amount: i64, currency: String, now: i64) -> Self {
        let id = new_id("pi");
        Self {
            client_secret: format!("{id}_secret_{}", random(25)),
            id,
            account: account.map(str::to_owned),
            created: now,
            status: Status::RequiresPaymentMethod,
            amount,
            amount_capturable: 0,
            amount_received: 0,
            application_fee_amount: None,
            currency,
            manual_capture: false,
            capture_method: "automatic".to_owned(),
            confirmation_method: "automatic".to_owned(),
            automatic_methods: false,
            customer: None,
            description: None,
            receipt_email: None,
            return_url: None,
            statement_descriptor: None,
            statement_descriptor_suffix: None,
            setup_future_usage: None,
            transfer_group: None,
            transfer_data: None,
            on_behalf_of: None,
            shipping: None,
            metadata: Metadata::new(),
            payment_method: None,
            latest_charge: None,
            last_payment_error: None,
            authenticate_at: None,
            canceled_at: None,
            cancellation_reason: None,
            invoice: None,
        }
    }

    fn next_action(&self) -> Value {
        match (&self.authenticate_at, &self.return_url) {
            (None, _) => Value::Null,
            (Some(page), Some(back)) => {
                json!({ "type": "redirect_to_url", "redirect_to_url": { "url": page, "return_url": back } })
            }
            (Some(page), None) => json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": page, "source": self.id },
            }),
        }
    }
}

impl Row for Intent {
    const NAME: &'static str = "payment_intent";
    const PARAM: &'static str = "intent";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let automatic = self.automatic_methods.then(|| json!({ "allow_redirects": "always", "enabled": true }));
        json!({
            "id": self.id, "object": "payment_intent", "created": self.created, "livemode": false,
            "amount": self.amount, "amount_capturable": self.amount_capturable,
            "amount_details": { "tip": {} }, "amount_received": self.amount_received, "application": null,
            "application_fee_amount": self.application_fee_amount, "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at, "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method, "client_secret": self.client_secret,
            "confirmation_method": self.confirmation_method, "currency": self.currency, "customer": self.customer,
            "description": self.description, "excluded_payment_method_types": null,
            "last_payment_error": self.last_payment_error.as_ref().map(PaymentError::render),
            "latest_charge": self.latest_charge, "metadata": self.metadata, "next_action": self.next_action(),
            "on_behalf_of": self.on_behalf_of, "payment_method": self.payment_method,
            "payment_method_configuration_details": null,
            "payment_method_options": {
                "card": { "installments": null, "mandate_options": null, "network": null,
                          "request_three_d_secure": "automatic" },
            },
            "payment_method_types": ["card"], "processing": null, "receipt_email": self.receipt_email,
            "review": null, "setup_future_usage": self.setup_future_usage, "shipping": self.shipping,
            "source": null, "statement_descriptor": self.statement_descriptor,
            "statement_descriptor_suffix": self.statement_descriptor_suffix, "status": self.status.word(),
            "transfer_data": self.transfer_data, "transfer_group": self.transfer_group,
        })
    }
}
