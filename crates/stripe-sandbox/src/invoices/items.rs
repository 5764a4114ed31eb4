//! Invoice items: amounts that wait for the next invoice.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Line;
use crate::customers;
use crate::decimal::Decimal;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::intents;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InvoiceItem {
    pub id: String,
    pub account: Option<String>,
    pub created: i64,
    pub customer: String,
    /// The invoice it went to.
    pub invoice: Option<String>,
    pub line: Line,
    pub clock: Option<String>,
    pub deleted: bool,
}

impl Row for InvoiceItem {
    const NAME: &'static str = "invoiceitem";
    const PARAM: &'static str = "invoiceitem";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "invoiceitem", "deleted": true });
        }
        let line = &self.line;
        let parent = line.subscription.as_ref().map(|subscription| {
            json!({
                "type": "subscription_details",
                "subscription_details": { "subscription": subscription, "subscription_item": line.subscription_item },
            })
        });
        let quantity = line.quantity.unwrap_or(1);
        json!({
            "id": self.id, "object": "invoiceitem", "livemode": false, "amount": line.amount,
            "currency": line.currency, "customer": self.customer, "date": self.created,
            "description": line.description, "discountable": !line.proration, "discounts": [],
            "invoice": self.invoice, "metadata": line.metadata, "net_amount": line.amount, "parent": parent,
            "period": { "start": line.start, "end": line.end }, "pricing": line.pricing(),
            "proration": line.proration, "quantity": quantity, "quantity_decimal": quantity.to_string(),
            "tax_rates": [], "test_clock": self.clock,
        })
    }
}

/// Lets `line` wait for the customer's next invoice.
pub fn keep(
    tx: &mut Tx<'_>,
    account: Option<&str>,
    customer: &str,
    clock: Option<&str>,
    mut line: Line,
) -> InvoiceItem {
    let id = new_id("ii");
    line.invoice_item = Some(id.clone());
    let item = InvoiceItem {
        id,
        account: account.map(str::to_owned),
        created: tx.now(),
        customer: customer.to_owned(),
        invoice: None,
        line,
        clock: clock.map(str::to_owned),
        deleted: false,
    };
    tx.put(Change::InvoiceItem(item.clone()));
    tx.emit("invoiceitem.created", Snapshot::InvoiceItem(item.clone()));
    item
}

const KNOWN: &[&str] = &[
    "amount",
    "currency",
    "customer",
    "description",
    "invoice",
    "metadata",
    "period",
    "pricing",
    "quantity",
    "subscription",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
    let customer = customers::living(tx, account, &customer)?;
    tx.live_by(customer.clock.as_deref());
    let subscription = params.text("subscription")?;
    if let Some(subscription) = &subscription {
        tx.state.subscriptions.get(account, subscription)?;
    }
    let price = match params.nested(&["pricing", "price"]) {
        Some(price) => Some(crate::catalog::for_sale(tx, account, price)?),
        None => None,
    };
    let quantity = params.between("quantity", 0, 999_999)?.unwrap_or(1);
    let (amount, currency) = match (&price, params.integer("amount")?) {
        (Some(price), None) => (price.unit.times(quantity), price.currency.clone()),
        (None, Some(amount)) => {
            (amount, intents::currency(params)?.ok_or_else(|| ApiError::missing_param("currency"))?)
        }
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: amount, pricing.";
            return Err(ApiError::invalid(message, Some("amount"), None));
        }
        (None, None) => return Err(ApiError::missing_param("amount")),
    };
    let period = params.within("period");
    let mut line = Line {
        id: new_id("il"),
        amount,
        currency,
        description: params.text("description")?.unwrap_or_default(),
        start: period.time("start")?.unwrap_or_else(|| tx.now()),
        end: period.time("end")?.unwrap_or_else(|| tx.now()),
        proration: false,
        unit: price.as_ref().map_or_else(|| Some(Decimal::from_whole(amount)), |price| Some(price.unit)),
        product: price.as_ref().map(|price| price.product.clone()),
        price: price.map(|price| price.id),
        quantity: Some(quantity),
        subscription,
        subscription_item: None,
        invoice_item: None,
        metered: false,
        metadata: Metadata::new(),
    };
    params.merge_metadata(&mut line.metadata)?;
    let target = match params.text("invoice")? {
        Some(id) => {
            let invoice = tx.state.invoices.get(account, &id)?.clone();
            if invoice.status != super::Status::Draft || invoice.customer != customer.id {
                let message = "You can only add invoice items to the customer's draft invoices.";
                return Err(ApiError::invalid(message, Some("invoice"), Some("invoice_not_editable")));
            }
            Some(invoice)
        }
        None => None,
    };
    let mut item = keep(tx, account, &customer.id, customer.clock.as_deref(), line);
    if let Some(mut invoice) = target {
        item.invoice = Some(invoice.id.clone());
        invoice.lines.push(item.line.clone());
        super::build::reckon(&mut invoice);
        tx.put(Change::InvoiceItem(item.clone()));
        tx.put(Change::Invoice(invoice));
    }
    Ok(Body::of(Snapshot::InvoiceItem(item)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::InvoiceItem(tx.state.invoice_items.get(account, id)?.clone())))
}

pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let item = tx.state.invoice_items.get(account, id)?.clone();
    if item.invoice.is_some() {
        let message = "This invoice item is already attached to an invoice and can no longer be deleted.";
        return Err(ApiError::invalid(message, None, Some("invoice_not_editable")));
    }
    let item = InvoiceItem { deleted: true, ..item };
    tx.put(Change::InvoiceItem(item.clone()));
    tx.emit("invoiceitem.deleted", Snapshot::InvoiceItem(item.clone()));
    Ok(Body::of(Snapshot::InvoiceItem(item)))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (customer, invoice, pending) = (params.text("customer")?, params.text("invoice")?, params.boolean("pending")?);
    let wanted = |item: &InvoiceItem| {
        !item.deleted
            && customer.as_ref().is_none_or(|customer| &item.customer == customer)
            && (invoice.is_none() || item.invoice == invoice)
            && pending.is_none_or(|pending| item.invoice.is_none() == pending)
    };
    Ok(Body::json(&tx.state.invoice_items.list(account, params, "/v1/invoiceitems", wanted)?))
}
