//! Reading invoices, their lines and what was paid for them.

use serde_json::{Value, json};

use super::{Invoice, Line, Status};
use crate::error::ApiError;
use crate::form::Params;
use crate::intents;
use crate::search::Terms;
use crate::state::{Body, Snapshot, State, Tx};
use crate::table::Row;

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Invoice(tx.state.invoices.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let (customer, subscription) = (params.text("customer")?, params.text("subscription")?);
    let status = params.choice("status", &["draft", "open", "paid", "uncollectible", "void"])?;
    let sent = params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    params.covers_time("created", 0)?;
    let wanted = |invoice: &Invoice| {
        customer.as_ref().is_none_or(|customer| &invoice.customer == customer)
            && (subscription.is_none() || invoice.subscription == subscription)
            && status.as_ref().is_none_or(|status| invoice.status.word() == status)
            && sent.as_ref().is_none_or(|sent| (sent == "send_invoice") == invoice.send_invoice)
            && params.covers_time("created", invoice.created).unwrap_or(true)
    };
    Ok(Body::json(&tx.state.invoices.list(account, params, "/v1/invoices", wanted)?))
}

pub fn search(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let terms = Terms::read(params)?;
    let wanted = |invoice: &Invoice| terms.hold(&invoice.render());
    Ok(Body::json(&tx.state.invoices.search(account, params, "/v1/invoices/search", wanted)?))
}

pub fn lines(tx: &Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    let invoice = tx.state.invoices.get(account, id)?;
    let limit = usize::try_from(params.between("limit", 1, 100)?.unwrap_or(10)).unwrap_or(10);
    let start = match params.text("starting_after")? {
        Some(after) => match invoice.lines.iter().position(|line| line.id == after) {
            Some(at) => at + 1,
            None => return Err(ApiError::not_found("line_item", &after, "starting_after")),
        },
        None => 0,
    };
    let page: Vec<Value> = invoice.lines.iter().skip(start).take(limit).map(|line: &Line| line.render(id)).collect();
    let more = start + page.len() < invoice.lines.len();
    Ok(Body::json(&json!({
        "object": "list", "url": format!("/v1/invoices/{id}/lines"), "has_more": more, "data": page,
    })))
}

/// `GET /v1/invoice_payments?invoice=…`
pub fn payments(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(&["invoice", "limit", "payment", "starting_after", "ending_before", "status", "created"])?;
    let asked = params.text("invoice")?;
    let intent = params.nested(&["payment", "payment_intent"]);
    let wanted = |invoice: &&Invoice| {
        invoice.account.as_deref() == account
            && asked.as_ref().is_none_or(|id| &invoice.id == id)
            && intent.is_none_or(|intent| invoice.payment_intent.as_deref() == Some(intent))
    };
    let found = tx.state.invoices.iter().rev().filter(wanted);
    let data: Vec<Value> = found.filter_map(|invoice| payment(tx.state, invoice)).take(100).collect();
    Ok(Body::json(&json!({ "object": "list", "url": "/v1/invoice_payments", "has_more": false, "data": data })))
}

/// How an invoice is paid.
pub fn payment(state: &State, invoice: &Invoice) -> Option<Value> {
    let intent = state.intents.any(invoice.payment_intent.as_deref()?)?;
    let paid = intent.status == intents::Status::Succeeded;
    let status = match (paid, invoice.status) {
        (true, _) => "paid",
        (false, Status::Void) => "canceled",
        (false, Status::Draft | Status::Open | Status::Paid | Status::Uncollectible) => "open",
    };
    Some(json!({
        "id": intent.id.replacen("pi_", "inpay_", 1), "object": "invoice_payment", "created": intent.created,
        "livemode": false, "amount_paid": paid.then_some(intent.amount_received),
        "amount_requested": intent.amount, "currency": intent.currency, "invoice": invoice.id, "is_default": true,
        "payment": { "type": "payment_intent", "payment_intent": intent.id }, "status": status,
        "status_transitions": {
            "canceled_at": invoice.moments.voided, "paid_at": invoice.moments.paid.filter(|_| paid),
        },
    }))
}

/// The invoice whose page a person may see.
pub fn by_secret(state: &State, secret: &str) -> Option<Invoice> {
    state.invoices.iter().find(|invoice| invoice.secret == secret && invoice.status != Status::Draft).cloned()
}
