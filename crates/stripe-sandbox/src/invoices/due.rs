//! What an invoice does by itself when its time comes.

use super::{Invoice, Status, attempt, finalize, mark_uncollectible, void};
use crate::state::{Change, Snapshot, Tx};
use crate::subscriptions;

/// When it does something next.
pub fn due(invoice: &Invoice) -> Option<i64> {
    match invoice.status {
        Status::Draft => invoice.finalizes_at.filter(|_| invoice.auto_advance),
        Status::Open if invoice.send_invoice => invoice.due_date.filter(|_| !invoice.attempted),
        Status::Open => invoice.next_payment_attempt.filter(|_| invoice.auto_advance),
        Status::Paid | Status::Void | Status::Uncollectible => None,
    }
}

/// Does it.
pub fn turn(tx: &mut Tx<'_>, id: &str) {
    let Some(invoice) = tx.state.invoices.any(id).cloned() else { return };
    tx.live_by(invoice.clock.as_deref());
    match invoice.status {
        Status::Draft => open(tx, invoice),
        Status::Open if invoice.send_invoice => {
            let invoice = Invoice { attempted: true, ..invoice };
            tx.put(Change::Invoice(invoice.clone()));
            tx.emit("invoice.overdue", Snapshot::Invoice(invoice.clone()));
            subscriptions::payment_failed(tx, &invoice, false);
        }
        // A failure is announced, and has set the next attempt.
        Status::Open => drop(attempt(tx, id, None, true)),
        Status::Paid | Status::Void | Status::Uncollectible => {}
    }
}

fn open(tx: &mut Tx<'_>, invoice: Invoice) {
    let pause = invoice.subscription.as_deref().and_then(|id| tx.state.subscriptions.any(id)?.pause.clone());
    let Ok(opened) = finalize(tx, &invoice.id) else {
        // Its customer is gone: it stays a draft for good.
        tx.put(Change::Invoice(Invoice { finalizes_at: None, auto_advance: false, ..invoice }));
        return;
    };
    if opened.status != Status::Open {
        return;
    }
    match pause.as_ref().map(|pause| pause.behavior.as_str()) {
        Some("void") => drop(void(tx, &opened.id)),
        Some("mark_uncollectible") => drop(mark_uncollectible(tx, &opened.id)),
        Some(_) | None if opened.send_invoice => {}
        Some(_) | None => drop(attempt(tx, &opened.id, None, true)),
    }
}
