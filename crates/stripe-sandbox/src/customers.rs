//! Customers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::{new_id, now};
use crate::state::{Body, Change, Snapshot, Tx};
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
    invoice_prefix: String,
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
            "balance": 0, "currency": null, "default_source": null, "delinquent": false, "discount": null,
            "invoice_prefix": self.invoice_prefix, "next_invoice_sequence": 1, "preferred_locales": [],
            "tax_exempt": "none", "test_clock": null,
            "invoice_settings": {
                "custom_fields": null, "default_payment_method": null, "footer": null, "rendering_options": null,
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
    let customer = Customer {
        id: new_id("cus"),
        account: account.map(str::to_owned),
        created: now(),
        email: None,
        name: None,
        phone: None,
        description: None,
        address: None,
        shipping: None,
        metadata: Metadata::new(),
        deleted: false,
        invoice_prefix: crate::ids::random(8).to_ascii_uppercase(),
    };
    save(tx, customer, params)
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    let customer = living(tx, account, id)?;
    save(tx, customer, params)
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Customer(tx.state.customers.get(account, id)?.clone())))
}

pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let customer = Customer { deleted: true, ..living(tx, account, id)? };
    tx.put(Change::Customer(customer.clone()));
    Ok(Body::of(Snapshot::Customer(customer)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let email = params.text("email")?;
    let wanted = |customer: &Customer| !customer.deleted && (email.is_none() || customer.email == email);
    Ok(Body::json(&tx.state.customers.list(account, params, "/v1/customers", wanted)?))
}

/// The customer, unless there is none or it was deleted.
pub fn living(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Customer, ApiError> {
    let customer = tx.state.customers.get(account, id)?;
    if customer.deleted { Err(ApiError::not_found("customer", id, "customer")) } else { Ok(customer.clone()) }
}

fn save(tx: &mut Tx<'_>, mut customer: Customer, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
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
    tx.put(Change::Customer(customer.clone()));
    Ok(Body::of(Snapshot::Customer(customer)))
}
