//! What an invoice would say: the next one, or the one a change would lead to.

use super::{Draft, Invoice, Line, Occasion, for_period, pending, usage};
use crate::customers::{self, Customer};
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::state::{Body, Snapshot, Tx};
use crate::subscriptions::{self, Behavior, MissingMethod, New, Payment, Share, Status, Subscription};

const KNOWN: &[&str] = &["currency", "customer", "preview_mode", "subscription", "subscription_details"];

const DETAILS: &[&str] = &[
    "billing_cycle_anchor",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "cancel_now",
    "items",
    "metadata",
    "proration_behavior",
    "proration_date",
    "start_date",
    "trial_end",
];

pub fn create_preview(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let details = params.within("subscription_details");
    let read = |error: ApiError| {
        let param = error.param.as_ref().map(|param| format!("subscription_details[{param}]"));
        ApiError { param, ..error }
    };
    details.only(DETAILS).map_err(read)?;
    let named = params.text("subscription")?;
    let own = || -> Result<Option<String>, ApiError> {
        let customer = params.text("customer")?.filter(|_| !details.has("items"));
        let theirs = |row: &&Subscription| customer.as_ref() == Some(&row.customer) && !row.status.ended();
        Ok(tx.state.subscriptions.iter().rev().find(theirs).map(|row| row.id.clone()))
    };
    let subscription = if named.is_some() { named } else { own()? };
    let invoice = match subscription {
        Some(id) => {
            let subscription = tx.state.subscriptions.get(account, &id)?.clone();
            tx.live_by(subscription.clock.as_deref());
            if subscription.status.ended() {
                let message = "You cannot preview the upcoming invoice for a canceled subscription.";
                return Err(ApiError::new(404, "invalid_request_error", Some("invoice_upcoming_none"), message));
            }
            changed(tx, account, subscription, &details).map_err(read)?
        }
        None => {
            let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
            let customer = customers::living(tx, account, &customer)?;
            tx.live_by(customer.clock.as_deref());
            started(tx, account, customer, &details).map_err(read)?
        }
    };
    let invoice = invoice.ok_or_else(none)?;
    Ok(Body::of(Snapshot::Invoice(Invoice { id: new_id("upcoming_in"), ..invoice })))
}

fn none() -> ApiError {
    let message = "No upcoming invoices for customer: the subscription ends before it renews.";
    ApiError::new(404, "invalid_request_error", Some("invoice_upcoming_none"), message)
}

/// The invoice of the next renewal, without an id; none when the subscription ends before it.
pub fn upcoming(tx: &Tx<'_>, subscription: &Subscription) -> Option<Invoice> {
    renewal(tx, subscription, subscription, Vec::new())
}

/// The renewal of `before` once it is `after`.
fn renewal(tx: &Tx<'_>, before: &Subscription, after: &Subscription, prorations: Vec<Line>) -> Option<Invoice> {
    let customer = tx.state.customers.any(&after.customer)?.clone();
    let period = (after.period_start, after.period_end);
    let mut lines = waiting(tx, &customer, after);
    lines.extend(prorations);
    lines.extend(usage(tx.state, before, before.period_start, before.period_end));
    if after.cancel_at.is_none_or(|end| end > period.1) {
        let (interval, count) = after.interval();
        let mut next = after.clone();
        next.period_start = period.1;
        next.period_end = subscriptions::end_of(after.anchor, interval, count, period.1);
        lines.extend(for_period(tx.state, &next));
    } else if lines.is_empty() {
        return None;
    }
    let mut invoice = foreseen(&customer, after, lines, period, period.1);
    invoice.next_payment_attempt = Some(period.1 + super::HOUR).filter(|_| !after.send_invoice);
    Some(invoice)
}

fn waiting(tx: &Tx<'_>, customer: &Customer, subscription: &Subscription) -> Vec<Line> {
    let items = pending(tx, customer, Some(&subscription.id), &subscription.currency);
    items.into_iter().map(|item| item.line).collect()
}

fn foreseen(customer: &Customer, of: &Subscription, lines: Vec<Line>, period: (i64, i64), at: i64) -> Invoice {
    let draft = Draft {
        customer,
        subscription: Some(of),
        occasion: Occasion::Upcoming,
        currency: of.currency.clone(),
        lines,
        period,
        auto_advance: false,
    };
    Invoice { id: String::new(), ..draft.invoice(at) }
}

fn changed(
    tx: &Tx<'_>,
    account: Option<&str>,
    mut subscription: Subscription,
    details: &Params,
) -> Result<Option<Invoice>, ApiError> {
    let now = tx.now();
    let customer = tx.state.customers.get(account, &subscription.customer)?.clone();
    if details.boolean("cancel_now")? == Some(true) {
        let mut lines = waiting(tx, &customer, &subscription);
        if Behavior::read(details)? != Behavior::None {
            let free = subscription.status == Status::Trialing;
            let at = details.time("proration_date")?.unwrap_or(now);
            lines.extend(Share { state: tx.state, subscription: &subscription, at, free }.credits(&subscription.items));
        }
        lines.extend(usage(tx.state, &subscription, subscription.period_start, now));
        return Ok(Some(foreseen(&customer, &subscription, lines, (subscription.period_start, now), now)));
    }
    if details.boolean("cancel_at_period_end")? == Some(true) {
        subscription.cancel_at = Some(subscription.period_end);
    } else if let Some(end) = details.time("cancel_at")? {
        subscription.cancel_at = Some(end);
    }
    let Some(ask) = subscriptions::asked(tx, account, &subscription, details)? else {
        return Ok(upcoming(tx, &subscription));
    };
    let planned = subscriptions::plan(tx.state, &subscription, &ask);
    let after = &planned.subscription;
    let now_due = planned.begins || (ask.behavior == Behavior::AlwaysInvoice && !planned.prorations.is_empty());
    if !now_due {
        return Ok(renewal(tx, &subscription, after, planned.prorations));
    }
    let mut lines = waiting(tx, &customer, &subscription);
    lines.extend(planned.prorations);
    if planned.begins {
        lines.extend(usage(tx.state, &subscription, subscription.period_start, now));
        lines.extend(for_period(tx.state, after));
    }
    Ok(Some(foreseen(&customer, after, lines, (subscription.period_start, now), now)))
}

fn started(
    tx: &Tx<'_>,
    account: Option<&str>,
    customer: Customer,
    details: &Params,
) -> Result<Option<Invoice>, ApiError> {
    let items = subscriptions::read_items(tx, account, details, None)?;
    let new = New {
        trial_end: subscriptions::trial_end(details, &items, tx.now())?,
        customer,
        items,
        missing_method: MissingMethod::default(),
        default_payment_method: None,
        save_default: false,
        payment: Payment::AllowIncomplete,
        send_invoice: false,
        days_until_due: None,
        description: None,
        metadata: Metadata::new(),
    };
    let subscription = subscriptions::blank(&new, tx.now());
    let mut lines = waiting(tx, &new.customer, &subscription);
    lines.extend(for_period(tx.state, &subscription));
    let period = (subscription.period_start, subscription.period_end);
    let mut invoice = foreseen(&new.customer, &subscription, lines, period, tx.now());
    invoice.subscription = None;
    Ok(Some(invoice))
}
