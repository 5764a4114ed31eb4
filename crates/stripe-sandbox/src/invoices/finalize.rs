//! Finalising a draft, and closing an invoice that will not be paid.

use super::build::apply_balance;
use super::{Invoice, Status, collect, lines};
use crate::balance;
use crate::error::ApiError;
use crate::intents::{self, Intent};
use crate::state::{Change, Snapshot, Tx};
use crate::subscriptions;

/// Gives the draft its number, uses the customer's credit, and opens it; what costs nothing is paid by that.
pub fn finalize(tx: &mut Tx<'_>, id: &str) -> Result<Invoice, ApiError> {
    let mut invoice = known(tx, id)?;
    if invoice.status != Status::Draft {
        return Err(not_editable("This invoice is already finalized, you can't re-finalize a non-draft invoice."));
    }
    tx.live_by(invoice.clock.as_deref());
    lines::recount(tx.state, &invoice.customer, &mut invoice.lines);
    let mut customer = tx.state.customers.get(invoice.account.as_deref(), &invoice.customer)?.clone();
    let (due, ending) = apply_balance(invoice.total(), customer.balance);
    let number = format!("{}-{:04}", customer.invoice_prefix, customer.next_sequence);
    customer.next_sequence += 1;
    customer.currency.get_or_insert_with(|| invoice.currency.clone());
    invoice.starting_balance = customer.balance;
    invoice.ending_balance = Some(ending);
    invoice.amount_due = due;
    invoice.number = Some(number);
    invoice.status = Status::Open;
    invoice.finalizes_at = None;
    invoice.moments.finalized = Some(tx.now());
    invoice.page = Some(format!("{}/i/{}", tx.url, invoice.secret));
    invoice.next_payment_attempt = None;
    if invoice.send_invoice && invoice.due_date.is_none() {
        let days = invoice.subscription.as_deref().and_then(|id| tx.state.subscriptions.any(id)?.days_until_due);
        invoice.due_date = Some(tx.now() + days.unwrap_or(30) * 24 * 60 * 60);
    }
    tx.put(Change::Customer(customer.clone()));
    balance::move_to(tx, &customer, ending, "applied_to_invoice", Some(&invoice));
    if due > 0 {
        invoice.payment_intent = Some(ask_for(tx, &invoice).id);
    }
    tx.put(Change::Invoice(invoice.clone()));
    tx.emit("invoice.finalized", Snapshot::Invoice(invoice.clone()));
    if due == 0 {
        invoice.attempted = true;
        tx.put(Change::Invoice(invoice.clone()));
        collect::payment_succeeded(tx, id);
    }
    known(tx, id)
}

fn ask_for(tx: &mut Tx<'_>, invoice: &Invoice) -> Intent {
    let description = match invoice.occasion {
        super::Occasion::SubscriptionCreate => "Subscription creation",
        super::Occasion::SubscriptionCycle | super::Occasion::SubscriptionUpdate => "Subscription update",
        super::Occasion::Manual | super::Occasion::Upcoming => "Payment for Invoice",
    };
    let intent = Intent {
        customer: Some(invoice.customer.clone()),
        description: Some(description.to_owned()),
        receipt_email: invoice.customer_email.clone(),
        invoice: Some(invoice.id.clone()),
        ..Intent::new(invoice.account.as_deref(), invoice.amount_due, invoice.currency.clone(), tx.now())
    };
    tx.put(Change::Intent(intent.clone()));
    tx.emit("payment_intent.created", Snapshot::Intent(intent.clone()));
    intent
}

/// Voids what was finalised; credit that it used goes back.
pub fn void(tx: &mut Tx<'_>, id: &str) -> Result<Invoice, ApiError> {
    let mut invoice = known(tx, id)?;
    match invoice.status {
        Status::Open | Status::Uncollectible => {}
        Status::Draft | Status::Paid | Status::Void => {
            return Err(not_editable("You can only pass in open or uncollectible invoices. This invoice isn't open."));
        }
    }
    tx.live_by(invoice.clock.as_deref());
    invoice.status = Status::Void;
    invoice.moments.voided = Some(tx.now());
    close(tx, &mut invoice);
    if let Ok(customer) = tx.state.customers.get(invoice.account.as_deref(), &invoice.customer).cloned() {
        let used = invoice.ending_balance.unwrap_or_default() - invoice.starting_balance;
        balance::move_to(tx, &customer, customer.balance - used, "unapplied_from_invoice", Some(&invoice));
    }
    tx.put(Change::Invoice(invoice.clone()));
    tx.emit("invoice.voided", Snapshot::Invoice(invoice.clone()));
    subscriptions::invoice_paid(tx, &invoice);
    Ok(invoice)
}

pub fn mark_uncollectible(tx: &mut Tx<'_>, id: &str) -> Result<Invoice, ApiError> {
    let mut invoice = known(tx, id)?;
    if invoice.status != Status::Open {
        return Err(not_editable("You can only mark open invoices as uncollectible."));
    }
    tx.live_by(invoice.clock.as_deref());
    invoice.status = Status::Uncollectible;
    invoice.moments.uncollectible = Some(tx.now());
    invoice.auto_advance = false;
    invoice.next_payment_attempt = None;
    tx.put(Change::Invoice(invoice.clone()));
    tx.emit("invoice.marked_uncollectible", Snapshot::Invoice(invoice.clone()));
    subscriptions::invoice_paid(tx, &invoice);
    Ok(invoice)
}

fn close(tx: &mut Tx<'_>, invoice: &mut Invoice) {
    invoice.auto_advance = false;
    invoice.next_payment_attempt = None;
    let intent = invoice.payment_intent.as_deref().and_then(|id| tx.state.intents.any(id)).cloned();
    if let Some(mut intent) = intent
        && intent.status != intents::Status::Succeeded
    {
        intents::call_off(tx, &mut intent, Some("void_invoice".to_owned()));
    }
}

fn known(tx: &Tx<'_>, id: &str) -> Result<Invoice, ApiError> {
    tx.state.invoices.any(id).cloned().ok_or_else(|| ApiError::not_found("invoice", id, "invoice"))
}

pub fn not_editable(message: &str) -> ApiError {
    ApiError::invalid(message, None, Some("invoice_not_editable"))
}
