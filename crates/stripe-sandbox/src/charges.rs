//! Charges: one for every attempt to take money.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::intents::{Intent, PaymentError};
use crate::payment_methods::PaymentMethod;
use crate::state::{Body, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub intent: String,
    pub amount: i64,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub application_fee_amount: Option<i64>,
    pub currency: String,
    pub captured: bool,
    pub status: String,
    pub failure: Option<PaymentError>,
    pub method: PaymentMethod,
    pub customer: Option<String>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub metadata: Metadata,
}

impl Charge {
    /// An attempt that took the money, or holds it for a later capture.
    pub fn paid(intent: &Intent, method: &PaymentMethod, now: i64) -> Self {
        let captured = !intent.manual_capture;
        Self { captured, amount_captured: if captured { intent.amount } else { 0 }, ..Self::blank(intent, method, now) }
    }

    pub fn failed(intent: &Intent, method: &PaymentMethod, failure: PaymentError, now: i64) -> Self {
        Self { status: "failed".to_owned(), failure: Some(failure), ..Self::blank(intent, method, now) }
    }

    fn blank(intent: &Intent, method: &PaymentMethod, now: i64) -> Self {
        Self {
            id: new_id("ch"),
            account: intent.account.clone(),
            created: now,
            intent: intent.id.clone(),
            amount: intent.amount,
            amount_captured: 0,
            amount_refunded: 0,
            application_fee_amount: intent.application_fee_amount,
            currency: intent.currency.clone(),
            captured: false,
            status: "succeeded".to_owned(),
            failure: None,
            method: method.clone(),
            customer: intent.customer.clone(),
            description: intent.description.clone(),
            receipt_email: intent.receipt_email.clone(),
            metadata: intent.metadata.clone(),
        }
    }
}

impl Row for Charge {
    const NAME: &'static str = "charge";
    const PARAM: &'static str = "charge";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        let failed = self.failure.is_some();
        let reason = self.failure.as_ref().map(|failure| failure.decline_code.as_ref().unwrap_or(&failure.code));
        let outcome = json!({
            "network_status": if failed { "declined_by_network" } else { "approved_by_network" },
            "reason": reason, "risk_level": "normal", "risk_score": 7,
            "seller_message": if failed { "The bank declined the payment." } else { "Payment complete." },
            "type": if failed { "issuer_declined" } else { "authorized" },
        });
        let details = json!({
            "type": "card",
            "card": {
                "brand": self.method.brand, "country": "US", "exp_month": self.method.exp_month,
                "exp_year": self.method.exp_year, "fingerprint": format!("sandbox{}", self.method.last4),
                "funding": "credit", "installments": null, "last4": self.method.last4, "mandate": null,
                "network": self.method.brand, "three_d_secure": null, "wallet": null,
                "checks": {
                    "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass",
                },
            },
        });
        json!({
            "id": self.id, "object": "charge", "created": self.created, "livemode": false,
            "amount": self.amount, "amount_captured": self.amount_captured, "amount_refunded": self.amount_refunded,
            "application": null, "application_fee": null, "application_fee_amount": self.application_fee_amount,
            "balance_transaction": null, "billing_details": self.method.billing_details(),
            "captured": self.captured, "currency": self.currency, "customer": self.customer,
            "description": self.description, "disputed": false,
            "failure_code": self.failure.as_ref().map(|failure| &failure.code),
            "failure_message": self.failure.as_ref().map(|failure| &failure.message),
            "fraud_details": {}, "metadata": self.metadata, "on_behalf_of": null, "outcome": outcome,
            "paid": !failed, "payment_intent": self.intent, "payment_method": self.method.id,
            "payment_method_details": details, "receipt_email": self.receipt_email, "receipt_number": null,
            "receipt_url": null, "refunded": !failed && self.amount_refunded >= self.amount, "shipping": null,
            "source": null, "status": self.status, "transfer_data": null, "transfer_group": null,
        })
    }
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Charge(tx.state.charges.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let intent = params.text("payment_intent")?;
    let wanted = |charge: &Charge| intent.as_ref().is_none_or(|intent| &charge.intent == intent);
    Ok(Body::json(&tx.state.charges.list(account, params, "/v1/charges", wanted)?))
}
