//! Payment methods: the test ones by name, and those made from a test card's number.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::{self, Behaviour, Card, Decline};
use crate::error::{ApiError, FailedAttempt};
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::subscriptions::Subscription;
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentMethod {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub customer: Option<String>,
    pub brand: String,
    pub last4: String,
    pub exp_month: i64,
    pub exp_year: i64,
    pub behaviour: Behaviour,
    /// Whether a person authenticated it, so that it can be charged without one.
    #[serde(default)]
    pub authenticated: bool,
    pub billing: Option<Value>,
    pub metadata: Metadata,
}

impl PaymentMethod {
    pub fn of(card: &Card, account: Option<&str>, now: i64) -> Self {
        Self {
            id: new_id("pm"),
            account: account.map(str::to_owned),
            created: now,
            customer: None,
            brand: card.brand.to_owned(),
            last4: card.number[card.number.len() - 4..].to_owned(),
            exp_month: 12,
            exp_year: 2040,
            behaviour: card.behaviour,
            authenticated: false,
            billing: None,
            metadata: Metadata::new(),
        }
    }

    pub fn billing_details(&self) -> Value {
        let mut details = json!({
            "address": {
                "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null,
            },
            "email": null, "name": null, "phone": null, "tax_id": null,
        });
        for (name, value) in self.billing.as_ref().and_then(Value::as_object).into_iter().flatten() {
            details[name] = value.clone();
        }
        details
    }
}

impl Row for PaymentMethod {
    const NAME: &'static str = "PaymentMethod";
    const PARAM: &'static str = "payment_method";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        json!({
            "id": self.id, "object": "payment_method", "created": self.created, "livemode": false, "type": "card",
            "customer": self.customer, "metadata": self.metadata, "allow_redisplay": "unspecified",
            "billing_details": self.billing_details(),
            "card": {
                "brand": self.brand, "country": "US", "display_brand": self.brand, "exp_month": self.exp_month,
                "exp_year": self.exp_year, "fingerprint": format!("sandbox{}", self.last4), "funding": "credit",
                "generated_from": null, "last4": self.last4, "regulated_status": "unregulated", "wallet": null,
                "checks": {
                    "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass",
                },
                "networks": { "available": [self.brand], "preferred": null },
                "three_d_secure_usage": { "supported": true },
            },
        })
    }
}

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    if params.text("type")?.as_deref() != Some("card") {
        return Err(ApiError::invalid("The sandbox knows only cards: type=card", Some("type"), None));
    }
    let mut method = from_card(tx, account, params, &["card"])?;
    method.billing = params.object("billing_details").cloned();
    params.merge_metadata(&mut method.metadata)?;
    tx.put(Change::PaymentMethod(method.clone()));
    Ok(Body::of(Snapshot::PaymentMethod(method)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let method = match cards::by_name(id) {
        Some(card) => PaymentMethod { id: id.to_owned(), ..PaymentMethod::of(card, account, tx.now()) },
        None => tx.state.payment_methods.get(account, id)?.clone(),
    };
    Ok(Body::of(Snapshot::PaymentMethod(method)))
}

pub fn attach(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["customer"])?;
    let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
    let customer = crate::customers::living(tx, account, &customer)?;
    tx.live_by(customer.clock.as_deref());
    Ok(Body::of(Snapshot::PaymentMethod(attach_to(tx, account, id, &customer.id)?)))
}

/// Saves the method for the customer; the bank may refuse that already.
pub fn attach_to(tx: &mut Tx<'_>, account: Option<&str>, id: &str, customer: &str) -> Result<PaymentMethod, ApiError> {
    let known = tx.state.payment_methods.any(id);
    if known.is_some_and(|method| method.customer.as_ref().is_some_and(|owner| owner != customer)) {
        let message = "The payment method you provided has already been attached to a customer.";
        return Err(ApiError::invalid(message, Some("payment_method"), Some("payment_method_already_attached")));
    }
    if let Some(method) = known.filter(|method| method.customer.is_some()) {
        return Ok(method.clone());
    }
    let behaviour = known.map(|method| method.behaviour).or_else(|| cards::by_name(id).map(|card| card.behaviour));
    if let Some(Behaviour::Declined(decline)) = behaviour {
        return Err(declined(decline));
    }
    let method = PaymentMethod { customer: Some(customer.to_owned()), ..named(tx, account, id)? };
    tx.put(Change::PaymentMethod(method.clone()));
    tx.emit("payment_method.attached", Snapshot::PaymentMethod(method.clone()));
    Ok(method)
}

pub fn declined(decline: Decline) -> ApiError {
    let (code, decline_code, message) = decline.words();
    let attempt =
        FailedAttempt { decline_code: decline_code.map(str::to_owned), charge: None, payment_method: Value::Null };
    ApiError {
        attempt: Some(Box::new(attempt)),
        executed: true,
        ..ApiError::new(402, "card_error", Some(code), message)
    }
}

/// Refuses a method whose payment is known not to go through without its owner.
pub fn must_pay(method: &PaymentMethod) -> Result<(), ApiError> {
    match method.behaviour {
        Behaviour::Succeeds | Behaviour::RefundsSlowly | Behaviour::RefundsFail | Behaviour::Processes => Ok(()),
        Behaviour::AuthenticatesOnce if method.authenticated => Ok(()),
        Behaviour::DeclinedLater => Err(declined(Decline::Generic)),
        Behaviour::Declined(decline) => Err(declined(decline)),
        Behaviour::Authenticates | Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesThenDeclined => {
            let message = "Your card was declined. This transaction requires authentication.";
            Err(ApiError::new(402, "card_error", Some("subscription_payment_intent_requires_action"), message))
        }
    }
}

/// A method that was saved for this customer.
pub fn of_customer(tx: &Tx<'_>, account: Option<&str>, id: &str, customer: &str) -> Result<PaymentMethod, ApiError> {
    let method = tx.state.payment_methods.get(account, id)?;
    if method.customer.as_deref() == Some(customer) {
        return Ok(method.clone());
    }
    let message = format!(
        "The customer does not have a payment method with the ID {id}. The payment method must be attached to the \
         customer."
    );
    Err(ApiError::invalid(&message, Some("payment_method"), Some("resource_missing")))
}

/// Takes the method from its customer, and from where it is the default.
pub fn detach(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let mut method = tx.state.payment_methods.get(account, id)?.clone();
    let Some(customer) = method.customer.take() else {
        let message = "The payment method you provided is not attached to a customer so detachment is impossible.";
        return Err(ApiError::invalid(message, Some("payment_method"), None));
    };
    tx.put(Change::PaymentMethod(method.clone()));
    if let Some(mut customer) = tx.state.customers.any(&customer).cloned() {
        tx.live_by(customer.clock.as_deref());
        let before = customer.render();
        customer.default_payment_method.take_if(|method| method == id);
        tx.put(Change::Customer(customer.clone()));
        tx.emit_update("customer.updated", &before, Snapshot::Customer(customer));
    }
    let using = |subscription: &&Subscription| subscription.default_payment_method.as_deref() == Some(id);
    let using: Vec<Subscription> = tx.state.subscriptions.iter().filter(using).cloned().collect();
    for subscription in using {
        tx.put(Change::Subscription(Subscription { default_payment_method: None, ..subscription }));
    }
    tx.emit("payment_method.detached", Snapshot::PaymentMethod(method.clone()));
    Ok(Body::of(Snapshot::PaymentMethod(method)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, customer: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let asked = params.text("customer")?;
    let customer = customer.map(str::to_owned).or(asked).ok_or_else(|| ApiError::missing_param("customer"))?;
    tx.state.customers.get(account, &customer)?;
    let card = params.text("type")?.is_none_or(|kind| kind == "card");
    let wanted = |method: &PaymentMethod| card && method.customer.as_ref() == Some(&customer);
    Ok(Body::json(&tx.state.payment_methods.list(account, params, "/v1/payment_methods", wanted)?))
}

/// The method a request speaks of by `payment_method` or describes in `payment_method_data`, saved if new.
pub fn from_params(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Option<PaymentMethod>, ApiError> {
    if let Some(id) = params.text("payment_method")? {
        return named(tx, account, &id).map(Some);
    }
    if !params.has("payment_method_data") {
        return Ok(None);
    }
    let mut method = from_card(tx, account, params, &["payment_method_data", "card"])?;
    method.billing = params.object("payment_method_data").and_then(|data| data.get("billing_details")).cloned();
    tx.put(Change::PaymentMethod(method.clone()));
    Ok(Some(method))
}

/// Using a test name makes a method of its own, as with Stripe.
pub fn named(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<PaymentMethod, ApiError> {
    match cards::by_name(id) {
        Some(card) => {
            let method = PaymentMethod::of(card, account, tx.now());
            tx.put(Change::PaymentMethod(method.clone()));
            Ok(method)
        }
        None => Ok(tx.state.payment_methods.get(account, id)?.clone()),
    }
}

pub fn from_card(tx: &Tx<'_>, account: Option<&str>, params: &Params, at: &[&str]) -> Result<PaymentMethod, ApiError> {
    let field = |name: &str| params.nested(&[at, &[name]].concat());
    let refuse = |name: &str, code: &str, message: &str| {
        let param = format!("{}[{name}]", at.join("."));
        let invalid = ApiError::invalid(message, Some(&param), Some(code));
        ApiError { status: 402, kind: "card_error", ..invalid }
    };
    if let Some(card) = field("token").and_then(|token| cards::by_name(&token.replacen("tok_", "pm_card_", 1))) {
        return Ok(PaymentMethod::of(card, account, tx.now()));
    }
    let number: String = field("number").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    let card = cards::by_number(&number)
        .ok_or_else(|| refuse("number", "incorrect_number", "Your card number is incorrect: use a test card."))?;
    let mut method = PaymentMethod::of(card, account, tx.now());
    if let Some(month) = field("exp_month") {
        method.exp_month =
            month.parse().ok().filter(|month| (1..=12).contains(month)).ok_or_else(|| {
                refuse("exp_month", "invalid_expiry_month", "Your card's expiration month is invalid.")
            })?;
    }
    if let Some(year) = field("exp_year") {
        let year: i64 = year.parse().unwrap_or_default();
        method.exp_year = if year < 100 { 2000 + year } else { year };
        if method.exp_year < 2025 {
            return Err(refuse("exp_year", "invalid_expiry_year", "Your card's expiration year is invalid."));
        }
    }
    Ok(method)
}
