//! Setup intents: saving a card for later.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::Behaviour;
use crate::customers;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::{new_id, random};
use crate::payment_methods::{self, PaymentMethod};
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetupIntent {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub client_secret: String,
    pub status: String,
    pub customer: Option<String>,
    pub payment_method: Option<String>,
    pub description: Option<String>,
    pub usage: String,
    pub cancellation_reason: Option<String>,
    pub metadata: Metadata,
}

impl Row for SetupIntent {
    const NAME: &'static str = "setupintent";
    const PARAM: &'static str = "intent";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        json!({
            "id": self.id, "object": "setup_intent", "created": self.created, "livemode": false, "application": null,
            "automatic_payment_methods": null, "cancellation_reason": self.cancellation_reason,
            "client_secret": self.client_secret, "customer": self.customer, "description": self.description,
            "flow_directions": null, "last_setup_error": null, "latest_attempt": null, "mandate": null,
            "metadata": self.metadata, "next_action": null, "on_behalf_of": null,
            "payment_method": self.payment_method, "payment_method_options": null,
            "payment_method_types": ["card"], "single_use_mandate": null, "status": self.status,
            "usage": self.usage,
        })
    }
}

const KNOWN: &[&str] = &[
    "automatic_payment_methods",
    "confirm",
    "customer",
    "description",
    "metadata",
    "payment_method",
    "payment_method_types",
    "usage",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let customer = match params.text("customer")? {
        Some(customer) => Some(customers::living(tx, account, &customer)?),
        None => None,
    };
    tx.live_by(customer.as_ref().and_then(|customer| customer.clock.as_deref()));
    let mut intent = blank(account, customer.map(|customer| customer.id), tx.now());
    intent.description = params.text("description")?;
    if let Some(usage) = params.choice("usage", &["off_session", "on_session"])? {
        intent.usage = usage;
    }
    params.merge_metadata(&mut intent.metadata)?;
    if let Some(method) = payment_methods::from_params(tx, account, params)? {
        intent.payment_method = Some(method.id);
        "requires_confirmation".clone_into(&mut intent.status);
    }
    tx.put(Change::SetupIntent(intent.clone()));
    tx.emit("setup_intent.created", Snapshot::SetupIntent(intent.clone()));
    if params.boolean("confirm")? == Some(true) {
        return confirm(tx, account, &intent.id, &Params::default());
    }
    Ok(Body::of(Snapshot::SetupIntent(intent)))
}

/// An intent that still needs a card.
pub fn blank(account: Option<&str>, customer: Option<String>, now: i64) -> SetupIntent {
    let id = new_id("seti");
    SetupIntent {
        client_secret: format!("{id}_secret_{}", random(25)),
        id,
        account: account.map(str::to_owned),
        created: now,
        status: "requires_payment_method".to_owned(),
        customer,
        payment_method: None,
        description: None,
        usage: "off_session".to_owned(),
        cancellation_reason: None,
        metadata: Metadata::new(),
    }
}

pub fn confirm(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["payment_method", "payment_method_data", "return_url", "use_stripe_sdk", "mandate_data"])?;
    let intent = tx.state.setup_intents.get(account, id)?.clone();
    let method = match payment_methods::from_params(tx, account, params)? {
        Some(method) => method,
        None => match &intent.payment_method {
            Some(method) => tx.state.payment_methods.get(account, method)?.clone(),
            None => {
                let message = "You cannot confirm this SetupIntent because it's missing a payment method.";
                return Err(ApiError::invalid(message, None, Some("setup_intent_unexpected_state")));
            }
        },
    };
    Ok(Body::of(Snapshot::SetupIntent(succeed(tx, intent, method)?)))
}

/// Saves the method. A person who is there authenticates it when the bank asks.
pub fn succeed(tx: &mut Tx<'_>, mut intent: SetupIntent, method: PaymentMethod) -> Result<SetupIntent, ApiError> {
    if intent.status == "succeeded" || intent.status == "canceled" {
        let message = format!("You cannot confirm this SetupIntent because it has a status of {}.", intent.status);
        return Err(ApiError::invalid(&message, None, Some("setup_intent_unexpected_state")));
    }
    let mut method = method;
    if let Some(customer) = &intent.customer {
        let attached = payment_methods::attach_to(tx, intent.account.as_deref(), &method.id, customer);
        match attached {
            Ok(attached) => method = attached,
            Err(error) => {
                tx.emit("setup_intent.setup_failed", Snapshot::SetupIntent(intent));
                return Err(error);
            }
        }
    }
    match method.behaviour {
        Behaviour::Authenticates | Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesThenDeclined => {
            method.authenticated = true;
            tx.put(Change::PaymentMethod(method.clone()));
        }
        Behaviour::Succeeds
        | Behaviour::Declined(_)
        | Behaviour::DeclinedLater
        | Behaviour::Processes
        | Behaviour::RefundsSlowly
        | Behaviour::RefundsFail => {}
    }
    intent.payment_method = Some(method.id);
    "succeeded".clone_into(&mut intent.status);
    tx.put(Change::SetupIntent(intent.clone()));
    tx.emit("setup_intent.succeeded", Snapshot::SetupIntent(intent.clone()));
    Ok(intent)
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::SetupIntent(tx.state.setup_intents.get(account, id)?.clone())))
}

pub fn cancel(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["cancellation_reason"])?;
    let mut intent = tx.state.setup_intents.get(account, id)?.clone();
    if intent.status == "succeeded" || intent.status == "canceled" {
        let message = format!("You cannot cancel this SetupIntent because it has a status of {}.", intent.status);
        return Err(ApiError::invalid(&message, None, Some("setup_intent_unexpected_state")));
    }
    intent.cancellation_reason =
        params.choice("cancellation_reason", &["abandoned", "duplicate", "requested_by_customer"])?;
    "canceled".clone_into(&mut intent.status);
    tx.put(Change::SetupIntent(intent.clone()));
    tx.emit("setup_intent.canceled", Snapshot::SetupIntent(intent.clone()));
    Ok(Body::of(Snapshot::SetupIntent(intent)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let customer = params.text("customer")?;
    let wanted = |intent: &SetupIntent| customer.is_none() || intent.customer == customer;
    Ok(Body::json(&tx.state.setup_intents.list(account, params, "/v1/setup_intents", wanted)?))
}
