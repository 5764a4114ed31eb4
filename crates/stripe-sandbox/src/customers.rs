//! Customers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::payment_methods;
use crate::search::Terms;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::subscriptions::{self, Subscription};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub address: Option<Value>,
    pub shipping: Option<Value>,
    pub metadata: Metadata,
    pub deleted: bool,
    pub invoice_prefix: String,
    /// The number of the next invoice.
    #[serde(default = "one")]
    pub next_sequence: i64,
    /// What is owed, or a credit when negative.
    #[serde(default)]
    pub balance: i64,
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub delinquent: bool,
    #[serde(default)]
    pub default_payment_method: Option<String>,
    #[serde(default)]
    pub clock: Option<String>,
}

fn one() -> i64 {
    1
}

impl Customer {
    /// A customer of whom nothing is known yet.
    pub fn new(account: Option<&str>, now: i64) -> Self {
        Self {
            id: new_id("cus"),
            account: account.map(str::to_owned),
            created: now,
            email: None,
            name: None,
            phone: None,
            description: None,
            address: None,
            shipping: None,
            metadata: Metadata::new(),
            deleted: false,
            invoice_prefix: crate::ids::random(8).to_ascii_uppercase(),
            next_sequence: 1,
            balance: 0,
            currency: None,
            delinquent: false,
            default_payment_method: None,
            clock: None,
        }
    }
}

impl Row for Customer {
    const NAME: &'static str = "customer";
    const PARAM: &'static str = "customer";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "customer", "deleted": true });
        }
        json!({
            "id": self.id, "object": "customer", "created": self.created, "livemode": false,
            "email": self.email, "name": self.name, "phone": self.phone, "description": self.description,
            "address": self.address, "shipping": self.shipping, "metadata": self.metadata,
            "balance": self.balance, "currency": self.currency, "default_source": null,
            "delinquent": self.delinquent, "discount": null, "invoice_prefix": self.invoice_prefix,
            "next_invoice_sequence": self.next_sequence, "preferred_locales": [], "tax_exempt": "none",
            "test_clock": self.clock,
            "invoice_settings": {
                "custom_fields": null, "default_payment_method": self.default_payment_method, "footer": null,
                "rendering_options": null,
            },
        })
    }
}

const KNOWN: &[&str] = &[
    "address",
    "balance",
    "description",
    "email",
    "invoice_settings",
    "metadata",
    "name",
    "payment_method",
    "phone",
    "preferred_locales",
    "shipping",
    "source",
    "tax",
    "tax_exempt",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let clock = match params.text("test_clock")? {
        Some(clock) => Some(tx.state.clocks.get(account, &clock)?.id.clone()),
        None => tx.state.billing.test_clock.clone().filter(|_| account.is_none()),
    };
    tx.live_by(clock.as_deref());
    let customer = Customer { clock, ..Customer::new(account, tx.now()) };
    params.only(&[KNOWN, &["test_clock"]].concat())?;
    let customer = read(tx, customer, params)?;
    tx.put(Change::Customer(customer.clone()));
    tx.emit("customer.created", Snapshot::Customer(customer.clone()));
    Ok(Body::of(Snapshot::Customer(customer)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let customer = living(tx, account, id)?;
    tx.live_by(customer.clock.as_deref());
    let before = customer.render();
    let customer = read(tx, customer, params)?;
    tx.put(Change::Customer(customer.clone()));
    tx.emit_update("customer.updated", &before, Snapshot::Customer(customer.clone()));
    Ok(Body::of(Snapshot::Customer(customer)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Customer(tx.state.customers.get(account, id)?.clone())))
}

pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let customer = living(tx, account, id)?;
    tx.live_by(customer.clock.as_deref());
    Ok(Body::of(Snapshot::Customer(remove(tx, customer))))
}

/// Deletes the customer, and ends what it subscribed to.
pub fn remove(tx: &mut Tx<'_>, customer: Customer) -> Customer {
    let theirs = |subscription: &&Subscription| subscription.customer == customer.id && !subscription.status.ended();
    let subscribed: Vec<Subscription> = tx.state.subscriptions.iter().filter(theirs).cloned().collect();
    for subscription in subscribed {
        subscriptions::end(tx, subscription, "cancellation_requested");
    }
    tx.emit("customer.deleted", Snapshot::Customer(customer.clone()));
    let customer = Customer { deleted: true, ..customer };
    tx.put(Change::Customer(customer.clone()));
    customer
}

/// Notes whether the customer's latest payment failed.
pub fn mark_delinquent(tx: &mut Tx<'_>, id: &str, delinquent: bool) {
    let Some(mut customer) = tx.state.customers.any(id).filter(|known| known.delinquent != delinquent).cloned() else {
        return;
    };
    let before = customer.render();
    customer.delinquent = delinquent;
    tx.put(Change::Customer(customer.clone()));
    tx.emit_update("customer.updated", &before, Snapshot::Customer(customer));
}

pub fn search(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let terms = Terms::read(params)?;
    let wanted = |customer: &Customer| !customer.deleted && terms.hold(&customer.render());
    Ok(Body::json(&tx.state.customers.search(account, params, "/v1/customers/search", wanted)?))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let email = params.text("email")?;
    let clock = params.text("test_clock")?;
    let wanted = |customer: &Customer| {
        !customer.deleted
            && (email.is_none() || customer.email == email)
            && (clock.is_none() || customer.clock == clock)
    };
    Ok(Body::json(&tx.state.customers.list(account, params, "/v1/customers", wanted)?))
}

/// The customer, unless there is none or it was deleted.
pub fn living(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Customer, ApiError> {
    let customer = tx.state.customers.get(account, id)?;
    if customer.deleted { Err(ApiError::not_found("customer", id, "customer")) } else { Ok(customer.clone()) }
}

fn read(tx: &mut Tx<'_>, mut customer: Customer, params: &Params) -> Result<Customer, ApiError> {
    let fields = [
        ("email", &mut customer.email),
        ("name", &mut customer.name),
        ("phone", &mut customer.phone),
        ("description", &mut customer.description),
    ];
    for (name, field) in fields {
        if let Some(change) = params.change(name)? {
            *field = change;
        }
    }
    for (name, field) in [("address", &mut customer.address), ("shipping", &mut customer.shipping)] {
        if let Some(value) = params.object(name) {
            *field = value.is_object().then(|| value.clone());
        }
    }
    if customer.email.as_ref().is_some_and(|email| !email.contains('@')) {
        let message = format!("Invalid email address: {}", customer.email.unwrap_or_default());
        return Err(ApiError::invalid(&message, Some("email"), Some("email_invalid")));
    }
    params.merge_metadata(&mut customer.metadata)?;
    if let Some(balance) = params.integer("balance")? {
        customer.balance = balance;
    }
    // Late, because it saves a payment method: nothing is saved for a request that is refused.
    if let Some(method) = params.text("payment_method")? {
        payment_methods::attach_to(tx, customer.account.as_deref(), &method, &customer.id)?;
    }
    let settings = params.within("invoice_settings");
    if let Some(change) = settings.change("default_payment_method")? {
        if let Some(method) = &change {
            payment_methods::of_customer(tx, customer.account.as_deref(), method, &customer.id)?;
        }
        customer.default_payment_method = change;
    }
    Ok(customer)
}
