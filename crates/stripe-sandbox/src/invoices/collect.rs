//! Taking the money for an open invoice: attempts, retries, and what becomes of them.

use super::{Invoice, Occasion, Status};
use crate::customers;
use crate::error::ApiError;
use crate::intents::{self, Intent};
use crate::payment_methods::PaymentMethod;
use crate::state::{Change, Snapshot, Tx};
use crate::subscriptions;

const DAY: i64 = 24 * 60 * 60;

/// Tries to take the money, with `method` or with the one that stands for the customer.
pub fn attempt(tx: &mut Tx<'_>, id: &str, method: Option<PaymentMethod>, automatic: bool) -> Result<(), ApiError> {
    let Some(invoice) = tx.state.invoices.any(id).cloned() else {
        return Err(ApiError::not_found("invoice", id, "invoice"));
    };
    count(tx, id, automatic);
    let Some(method) = method.or_else(|| method_for(tx, &invoice)) else {
        payment_failed(tx, id);
        let message = "There is no `default_payment_method` set on this Customer or Invoice. Please set a \
                       `default_payment_method`.";
        let error = ApiError::invalid(message, None, Some("resource_missing"));
        return Err(ApiError { executed: true, ..error });
    };
    let Some(intent) = invoice.payment_intent.as_deref().and_then(|id| tx.state.intents.any(id)).cloned() else {
        return Err(ApiError::internal());
    };
    match intent.status {
        intents::Status::Succeeded | intents::Status::Processing | intents::Status::RequiresCapture => Ok(()),
        intents::Status::RequiresPaymentMethod
        | intents::Status::RequiresConfirmation
        | intents::Status::RequiresAction
        | intents::Status::Canceled => {
            let intent = Intent { last_payment_error: None, authenticate_at: None, ..intent };
            intents::attempt(tx, intent, &method).map(drop)
        }
    }
}

/// Counts an attempt made by a person.
pub fn count_attempt(tx: &mut Tx<'_>, id: &str) {
    count(tx, id, false);
}

/// The first attempt counts, and then only the automatic ones; each sets the time of the next.
fn count(tx: &mut Tx<'_>, id: &str, automatic: bool) {
    let Some(mut invoice) = tx.state.invoices.any(id).cloned() else { return };
    if automatic || invoice.attempt_count == 0 {
        invoice.attempt_count += 1;
        let retries = &tx.state.billing.retry_days;
        let pause = usize::try_from(invoice.attempt_count - 1).ok().and_then(|at| retries.get(at)).copied();
        let retried = invoice.auto_advance && !invoice.send_invoice && invoice.occasion != Occasion::SubscriptionCreate;
        invoice.next_payment_attempt = pause.filter(|_| retried).map(|days| tx.now() + days * DAY);
    }
    invoice.attempted = true;
    tx.put(Change::Invoice(invoice));
}

/// What would be charged: set on the invoice, on its subscription, or on the customer.
pub fn method_for(tx: &Tx<'_>, invoice: &Invoice) -> Option<PaymentMethod> {
    let subscription = invoice.subscription.as_deref().and_then(|id| tx.state.subscriptions.any(id));
    let own = invoice.default_payment_method.clone();
    let id = own.or_else(|| subscription.and_then(|subscription| subscription.default_payment_method.clone()));
    let id = id.or_else(|| tx.state.customers.any(&invoice.customer)?.default_payment_method.clone())?;
    tx.state.payment_methods.any(&id).cloned()
}

/// The objects at hand live by the clock of this invoice.
pub fn live_with(tx: &mut Tx<'_>, id: Option<&str>) {
    if let Some(invoice) = id.and_then(|id| tx.state.invoices.any(id)) {
        let clock = invoice.clock.clone();
        tx.live_by(clock.as_deref());
    }
}

pub fn payment_succeeded(tx: &mut Tx<'_>, id: &str) {
    let Some(mut invoice) = tx.state.invoices.any(id).cloned() else { return };
    match invoice.status {
        Status::Open | Status::Uncollectible => {}
        Status::Draft | Status::Paid | Status::Void => return,
    }
    invoice.status = Status::Paid;
    invoice.amount_paid = if invoice.paid_out_of_band { 0 } else { invoice.amount_due };
    if invoice.paid_out_of_band {
        invoice.amount_due = 0;
    }
    invoice.moments.paid = Some(tx.now());
    invoice.next_payment_attempt = None;
    invoice.auto_advance = false;
    tx.put(Change::Invoice(invoice.clone()));
    tx.emit("invoice.paid", Snapshot::Invoice(invoice.clone()));
    tx.emit("invoice.payment_succeeded", Snapshot::Invoice(invoice.clone()));
    customers::mark_delinquent(tx, &invoice.customer, false);
    subscriptions::invoice_paid(tx, &invoice);
}

pub fn payment_failed(tx: &mut Tx<'_>, id: &str) {
    let Some(invoice) = tx.state.invoices.any(id).cloned() else { return };
    if invoice.settled() {
        return;
    }
    tx.emit("invoice.payment_failed", Snapshot::Invoice(invoice.clone()));
    customers::mark_delinquent(tx, &invoice.customer, true);
    subscriptions::payment_failed(tx, &invoice, exhausted(tx, &invoice));
}

/// The bank wants to see the customer.
pub fn payment_waits(tx: &mut Tx<'_>, id: &str) {
    let Some(invoice) = tx.state.invoices.any(id).cloned() else { return };
    if invoice.settled() {
        return;
    }
    tx.emit("invoice.payment_action_required", Snapshot::Invoice(invoice.clone()));
    subscriptions::payment_failed(tx, &invoice, exhausted(tx, &invoice));
}

/// Whether nothing will be tried again by itself.
fn exhausted(tx: &Tx<'_>, invoice: &Invoice) -> bool {
    let tried = usize::try_from(invoice.attempt_count).unwrap_or_default();
    invoice.next_payment_attempt.is_none() && tried > tx.state.billing.retry_days.len()
}
