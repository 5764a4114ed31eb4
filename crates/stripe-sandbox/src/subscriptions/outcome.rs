//! What the fate of an invoice does to its subscription.

use super::{Status, Subscription, end};
use crate::control::billing::AfterRetries;
use crate::invoices::{self, Invoice};
use crate::payment_methods::PaymentMethod;
use crate::state::{Change, Snapshot, Tx};
use crate::table::Row as _;

/// An invoice was paid, voided or written off.
pub fn invoice_paid(tx: &mut Tx<'_>, invoice: &Invoice) {
    let Some(mut subscription) = of(tx, invoice) else { return };
    let before = subscription.render();
    let was = subscription.status;
    match was {
        Status::Incomplete if invoice.status == invoices::Status::Paid => {
            subscription.status = Status::Active;
            if subscription.save_default && subscription.default_payment_method.is_none() {
                let intent = invoice.payment_intent.as_deref().and_then(|id| tx.state.intents.any(id));
                let method = intent.and_then(|intent| tx.state.payment_methods.any(intent.payment_method.as_deref()?));
                if let Some(method) = method.cloned() {
                    subscription.default_payment_method = Some(method.id.clone());
                    tx.put(Change::PaymentMethod(PaymentMethod { customer: Some(invoice.customer.clone()), ..method }));
                }
            }
        }
        Status::Paused if Some(&invoice.id) == subscription.latest_invoice.as_ref() => {
            subscription.status = Status::Active;
        }
        Status::PastDue | Status::Unpaid if nothing_owed(tx, &subscription) => subscription.status = Status::Active,
        Status::Incomplete
        | Status::Paused
        | Status::PastDue
        | Status::Unpaid
        | Status::Trialing
        | Status::Active
        | Status::IncompleteExpired
        | Status::Canceled => return,
    }
    tx.put(Change::Subscription(subscription.clone()));
    tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription.clone()));
    if was == Status::Paused {
        tx.emit("customer.subscription.resumed", Snapshot::Subscription(subscription));
    }
}

/// Whether the newest invoice that was finalised is settled.
fn nothing_owed(tx: &Tx<'_>, subscription: &Subscription) -> bool {
    let theirs = |invoice: &&Invoice| {
        invoice.subscription.as_deref() == Some(&subscription.id) && invoice.status != invoices::Status::Draft
    };
    tx.state.invoices.iter().rev().find(theirs).is_none_or(Invoice::settled)
}

/// A payment did not go through; `exhausted` when it was the last one tried by itself.
pub fn payment_failed(tx: &mut Tx<'_>, invoice: &Invoice, exhausted: bool) {
    let Some(mut subscription) = of(tx, invoice) else { return };
    match subscription.status {
        Status::Active | Status::Trialing => {
            let before = subscription.render();
            subscription.status = Status::PastDue;
            tx.put(Change::Subscription(subscription.clone()));
            tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription.clone()));
        }
        Status::PastDue => {}
        Status::Incomplete | Status::IncompleteExpired | Status::Paused | Status::Unpaid | Status::Canceled => return,
    }
    if !exhausted {
        return;
    }
    match tx.state.billing.after_retries {
        AfterRetries::PastDue => {}
        AfterRetries::Canceled => end(tx, subscription, "payment_failed"),
        AfterRetries::Unpaid => {
            let before = subscription.render();
            subscription.status = Status::Unpaid;
            tx.put(Change::Subscription(subscription.clone()));
            tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription));
        }
    }
}

fn of(tx: &Tx<'_>, invoice: &Invoice) -> Option<Subscription> {
    tx.state.subscriptions.any(invoice.subscription.as_deref()?).cloned()
}
