//! Ending a subscription at once.

use super::{Reason, Share, Status, Subscription};
use crate::error::ApiError;
use crate::form::Params;
use crate::invoices::{self, Draft, Invoice, Occasion};
use crate::state::{Body, Change, Snapshot, Tx};

pub const FEEDBACK: &[&str] = &[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
];

pub fn cancel(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["cancellation_details", "invoice_now", "prorate"])?;
    let mut subscription = tx.state.subscriptions.get(account, id)?.clone();
    tx.live_by(subscription.clock.as_deref());
    if subscription.status.ended() {
        // A subscription that ended is as good as gone.
        return Err(ApiError::not_found("subscription", id, "id"));
    }
    details(params, &mut subscription.reason)?;
    let prorate = params.boolean("prorate")?.unwrap_or(false);
    if prorate {
        let free = subscription.status == Status::Trialing;
        let share = Share { state: tx.state, subscription: &subscription, at: tx.now(), free };
        for line in share.credits(&subscription.items) {
            invoices::keep_item(tx, account, &subscription.customer, subscription.clock.as_deref(), line);
        }
    }
    let last = match params.boolean("invoice_now")?.unwrap_or(false) {
        true => last_invoice(tx, &mut subscription)?,
        false => None,
    };
    end(tx, subscription, "cancellation_requested");
    if let Some(last) = last {
        let opened = invoices::finalize(tx, &last)?;
        if !opened.settled() {
            // What fails is told by the invoice.
            let _ = invoices::attempt(tx, &last, None, false);
        }
    }
    Ok(Body::of(Snapshot::Subscription(tx.state.subscriptions.get(account, id)?.clone())))
}

/// Reads the customer's words.
pub fn details(params: &Params, reason: &mut Reason) -> Result<(), ApiError> {
    let said = params.within("cancellation_details");
    if let Some(comment) = said.change("comment")? {
        reason.comment = comment;
    }
    if let Some(feedback) = said.change("feedback")? {
        reason.feedback = match feedback {
            Some(_) => said.choice("feedback", FEEDBACK)?,
            None => None,
        };
    }
    Ok(())
}

/// An invoice of what was used and of what waits; none when there is nothing.
pub fn last_invoice(tx: &mut Tx<'_>, subscription: &mut Subscription) -> Result<Option<String>, ApiError> {
    let customer = tx.state.customers.get(subscription.account.as_deref(), &subscription.customer)?.clone();
    let period = (subscription.period_start, tx.now());
    let lines = invoices::usage(tx.state, subscription, period.0, period.1);
    let waiting = invoices::pending(tx, &customer, Some(&subscription.id), &subscription.currency);
    if lines.is_empty() && waiting.is_empty() {
        return Ok(None);
    }
    let invoice = invoices::draft(
        tx,
        Draft {
            customer: &customer,
            subscription: Some(subscription),
            occasion: Occasion::SubscriptionCycle,
            currency: subscription.currency.clone(),
            lines,
            period,
            auto_advance: false,
        },
    );
    subscription.latest_invoice = Some(invoice.id.clone());
    Ok(Some(invoice.id))
}

/// Ends it now. Its open invoices stay open, but nothing tries to collect them any more.
pub fn end(tx: &mut Tx<'_>, mut subscription: Subscription, reason: &str) {
    subscription.status = Status::Canceled;
    subscription.ended_at = Some(tx.now());
    subscription.canceled_at.get_or_insert(tx.now());
    subscription.reason.reason.get_or_insert_with(|| reason.to_owned());
    tx.put(Change::Subscription(subscription.clone()));
    let theirs = |invoice: &&Invoice| {
        invoice.subscription.as_deref() == Some(&subscription.id) && !invoice.settled() && invoice.auto_advance
    };
    let open: Vec<Invoice> = tx.state.invoices.iter().filter(theirs).cloned().collect();
    for invoice in open {
        let stopped = Invoice { auto_advance: false, next_payment_attempt: None, finalizes_at: None, ..invoice };
        tx.put(Change::Invoice(stopped));
    }
    tx.emit("customer.subscription.deleted", Snapshot::Subscription(subscription));
}
