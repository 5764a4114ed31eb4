//! What a caller may do with an invoice.

use super::build::{Draft, draft};
use super::finalize::not_editable;
use super::{Invoice, Occasion, Status, attempt, finalize as open, mark_uncollectible as write_off, void as cancel};
use crate::error::ApiError;
use crate::form::Params;
use crate::intents;
use crate::payment_methods;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row as _;
use crate::{customers, invoices};

const NEW: &[&str] = &[
    "auto_advance",
    "collection_method",
    "currency",
    "customer",
    "days_until_due",
    "default_payment_method",
    "description",
    "due_date",
    "footer",
    "metadata",
    "pending_invoice_items_behavior",
    "subscription",
];

/// An invoice of what waits for the customer, made by hand.
pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(NEW)?;
    let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
    let customer = customers::living(tx, account, &customer)?;
    tx.live_by(customer.clock.as_deref());
    let subscription = match params.text("subscription")? {
        Some(id) => Some(tx.state.subscriptions.get(account, &id)?.clone()),
        None => None,
    };
    let currency = match (intents::currency(params)?, &subscription) {
        (Some(currency), _) => currency,
        (None, Some(subscription)) => subscription.currency.clone(),
        (None, None) => customer.currency.clone().unwrap_or_else(|| "usd".to_owned()),
    };
    let behavior = params.choice("pending_invoice_items_behavior", &["exclude", "include"])?;
    let include = behavior.map_or(subscription.is_some(), |behavior| behavior == "include");
    let period = (customer.created, tx.now());
    let ask = Draft {
        customer: &customer,
        subscription: subscription.as_ref(),
        occasion: Occasion::Manual,
        currency,
        lines: Vec::new(),
        period,
        auto_advance: params.boolean("auto_advance")?.unwrap_or(false),
    };
    let mut invoice = if include { draft(tx, ask) } else { ask.invoice(tx.now()) };
    invoice.send_invoice = params
        .choice("collection_method", &["charge_automatically", "send_invoice"])?
        .is_some_and(|method| method == "send_invoice");
    invoice.due_date = match params.between("days_until_due", 0, 3650)? {
        Some(days) => Some(tx.now() + days * 24 * 60 * 60),
        None => params.time("due_date")?,
    };
    change(tx, account, &mut invoice, params)?;
    tx.put(Change::Invoice(invoice.clone()));
    if !include {
        tx.emit("invoice.created", Snapshot::Invoice(invoice.clone()));
    }
    Ok(Body::of(Snapshot::Invoice(invoice)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["auto_advance", "default_payment_method", "description", "footer", "metadata"])?;
    let mut invoice = tx.state.invoices.get(account, id)?.clone();
    tx.live_by(invoice.clock.as_deref());
    let before = invoice.render();
    if let Some(auto_advance) = params.boolean("auto_advance")? {
        if invoice.settled() {
            return Err(not_editable("This invoice can no longer be edited."));
        }
        invoice.auto_advance = auto_advance;
        if invoice.status == Status::Draft {
            invoice.finalizes_at = auto_advance.then(|| (invoice.created + invoices::HOUR).max(tx.now()));
            invoice.next_payment_attempt = invoice.finalizes_at;
        } else if auto_advance && invoice.next_payment_attempt.is_none() {
            invoice.next_payment_attempt = Some(tx.now());
        }
    }
    change(tx, account, &mut invoice, params)?;
    tx.put(Change::Invoice(invoice.clone()));
    tx.emit_update("invoice.updated", &before, Snapshot::Invoice(invoice.clone()));
    Ok(Body::of(Snapshot::Invoice(invoice)))
}

fn change(tx: &Tx<'_>, account: Option<&str>, invoice: &mut Invoice, params: &Params) -> Result<(), ApiError> {
    for (name, field) in [("description", &mut invoice.description), ("footer", &mut invoice.footer)] {
        if let Some(text) = params.change(name)? {
            *field = text;
        }
    }
    if let Some(method) = params.change("default_payment_method")? {
        if let Some(method) = &method {
            payment_methods::of_customer(tx, account, method, &invoice.customer)?;
        }
        invoice.default_payment_method = method;
    }
    params.merge_metadata(&mut invoice.metadata)
}

pub fn delete(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    let invoice = tx.state.invoices.get(account, id)?.clone();
    if invoice.status != Status::Draft || invoice.subscription.is_some() {
        return Err(not_editable("You can only delete draft invoices that belong to no subscription."));
    }
    // A deleted draft is one that nothing happens to any more.
    let gone = Invoice { status: Status::Void, auto_advance: false, ..invoice };
    tx.put(Change::Invoice(gone.clone()));
    tx.emit("invoice.deleted", Snapshot::Invoice(gone));
    Ok(Body::json(&serde_json::json!({ "id": id, "object": "invoice", "deleted": true })))
}

pub fn finalize(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["auto_advance"])?;
    let mut invoice = tx.state.invoices.get(account, id)?.clone();
    if let Some(auto_advance) = params.boolean("auto_advance")? {
        invoice.auto_advance = auto_advance;
        tx.put(Change::Invoice(invoice));
    }
    let mut invoice = open(tx, id)?;
    if invoice.auto_advance && invoice.status == Status::Open && !invoice.send_invoice {
        // The first attempt follows by itself, an hour later.
        invoice.next_payment_attempt = Some(tx.now() + invoices::HOUR);
        tx.put(Change::Invoice(invoice.clone()));
    }
    Ok(Body::of(Snapshot::Invoice(invoice)))
}

pub fn pay(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["forgive", "mandate", "off_session", "paid_out_of_band", "payment_method", "source"])?;
    let mut invoice = tx.state.invoices.get(account, id)?.clone();
    tx.live_by(invoice.clock.as_deref());
    let method = match params.text("payment_method")? {
        Some(method) => Some(payment_methods::of_customer(tx, account, &method, &invoice.customer)?),
        None => None,
    };
    let outside = params.boolean("paid_out_of_band")?.unwrap_or(false);
    match invoice.status {
        Status::Draft => invoice = open(tx, id)?,
        Status::Open | Status::Uncollectible => {}
        Status::Paid => return Err(ApiError::invalid("Invoice is already paid", None, None)),
        Status::Void => return Err(ApiError::invalid("This invoice is void and cannot be paid.", None, None)),
    }
    if outside && !invoice.settled() {
        invoice.paid_out_of_band = true;
        tx.put(Change::Invoice(invoice));
        invoices::payment_succeeded(tx, id);
    } else if invoice.status != Status::Paid {
        attempt(tx, id, method, false)?;
    }
    Ok(Body::of(Snapshot::Invoice(tx.state.invoices.get(account, id)?.clone())))
}

pub fn void(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    tx.state.invoices.get(account, id)?;
    Ok(Body::of(Snapshot::Invoice(cancel(tx, id)?)))
}

pub fn mark_uncollectible(tx: &mut Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    tx.state.invoices.get(account, id)?;
    Ok(Body::of(Snapshot::Invoice(write_off(tx, id)?)))
}
