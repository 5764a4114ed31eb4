//! Making a draft: its lines, and the items that waited for it.

use super::{Invoice, InvoiceItem, Line, Moments, Occasion, Status};
use crate::customers::Customer;
use crate::form::Metadata;
use crate::ids::{new_id, random};
use crate::state::{Change, Snapshot, Tx};
use crate::subscriptions::Subscription;

/// How long a renewal's invoice stays a draft.
pub const HOUR: i64 = 60 * 60;

/// What an invoice is to be made from.
pub struct Draft<'a> {
    pub customer: &'a Customer,
    pub subscription: Option<&'a Subscription>,
    pub occasion: Occasion,
    pub currency: String,
    pub lines: Vec<Line>,
    pub period: (i64, i64),
    pub auto_advance: bool,
}

impl Draft<'_> {
    /// The invoice, kept nowhere.
    pub fn invoice(self, now: i64) -> Invoice {
        let customer = self.customer;
        let subscription = self.subscription;
        let send_invoice = subscription.is_some_and(|subscription| subscription.send_invoice);
        let mut invoice = Invoice {
            id: new_id("in"),
            account: customer.account.clone(),
            created: now,
            customer: customer.id.clone(),
            customer_email: customer.email.clone(),
            customer_name: customer.name.clone(),
            customer_address: customer.address.clone(),
            subscription: subscription.map(|subscription| subscription.id.clone()),
            subscription_metadata: subscription.map(|subscription| subscription.metadata.clone()).unwrap_or_default(),
            status: Status::Draft,
            occasion: self.occasion,
            currency: self.currency,
            lines: self.lines,
            number: None,
            send_invoice,
            due_date: None,
            auto_advance: self.auto_advance,
            finalizes_at: self.auto_advance.then_some(now + HOUR),
            period_start: self.period.0,
            period_end: self.period.1,
            starting_balance: customer.balance,
            ending_balance: None,
            amount_due: 0,
            amount_paid: 0,
            attempt_count: 0,
            attempted: false,
            next_payment_attempt: (self.auto_advance && !send_invoice).then_some(now + HOUR),
            default_payment_method: None,
            payment_intent: None,
            paid_out_of_band: false,
            moments: Moments::default(),
            description: None,
            footer: None,
            metadata: Metadata::new(),
            clock: customer.clock.clone(),
            secret: random(40),
            page: None,
        };
        reckon(&mut invoice);
        invoice
    }
}

/// Makes the draft together with everything that waited for it.
pub fn draft(tx: &mut Tx<'_>, mut ask: Draft<'_>) -> Invoice {
    let subscription = ask.subscription.map(|subscription| subscription.id.as_str());
    let waiting = pending(tx, ask.customer, subscription, &ask.currency);
    let mut lines: Vec<Line> = waiting.iter().map(|item| item.line.clone()).collect();
    lines.append(&mut ask.lines);
    ask.lines = lines;
    let invoice = ask.invoice(tx.now());
    for item in waiting {
        tx.put(Change::InvoiceItem(InvoiceItem { invoice: Some(invoice.id.clone()), ..item }));
    }
    tx.put(Change::Invoice(invoice.clone()));
    tx.emit("invoice.created", Snapshot::Invoice(invoice.clone()));
    invoice
}

/// The items that wait for the next invoice of this subscription, or of the customer alone.
pub fn pending(tx: &Tx<'_>, customer: &Customer, subscription: Option<&str>, currency: &str) -> Vec<InvoiceItem> {
    let theirs = |item: &&InvoiceItem| {
        item.customer == customer.id
            && item.invoice.is_none()
            && !item.deleted
            && item.line.currency == currency
            && (item.line.subscription.is_none() || item.line.subscription.as_deref() == subscription)
    };
    tx.state.invoice_items.iter().filter(theirs).cloned().collect()
}

/// What is to be paid, and what is left of the customer's balance afterwards. A negative balance is a credit.
pub fn apply_balance(total: i64, balance: i64) -> (i64, i64) {
    let sum = total.saturating_add(balance);
    if total > 0 && sum > 0 { (sum, 0) } else { (0, sum) }
}

pub fn reckon(invoice: &mut Invoice) {
    invoice.amount_due = apply_balance(invoice.total(), invoice.starting_balance).0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_is_used_up_and_carried_over() {
        let cases = [
            ((1000, 0), (1000, 0)),
            ((1000, -300), (700, 0)),
            ((1000, -1300), (0, -300)),
            ((1000, 200), (1200, 0)),
            ((-500, 0), (0, -500)),
            ((-500, 200), (0, -300)),
            ((0, -300), (0, -300)),
            ((0, 200), (0, 200)),
        ];
        for ((total, balance), expected) in cases {
            assert_eq!(apply_balance(total, balance), expected, "{total} {balance}");
        }
    }
}
