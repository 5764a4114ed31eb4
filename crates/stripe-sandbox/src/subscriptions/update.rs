//! Changing a subscription, and resuming one that paused.

use super::create;
use super::{Ask, Behavior, Pause, Planned, Status, Subscription, Trial, cancel, plan, read_items};
use crate::error::ApiError;
use crate::form::Params;
use crate::invoices::{self, Draft, Occasion};
use crate::payment_methods;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row as _;

const KNOWN: &[&str] = &[
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "collection_method",
    "days_until_due",
    "default_payment_method",
    "description",
    "items",
    "metadata",
    "off_session",
    "pause_collection",
    "payment_behavior",
    "payment_settings",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_settings",
];

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let mut subscription = tx.state.subscriptions.get(account, id)?.clone();
    tx.live_by(subscription.clock.as_deref());
    let over = ["cancellation_details", "metadata"];
    if subscription.status.ended() && KNOWN.iter().any(|name| !over.contains(name) && params.has(name)) {
        let message = "A canceled subscription can only update its cancellation_details and metadata.";
        return Err(ApiError::invalid(message, None, None));
    }
    let before = subscription.render();
    read(tx, account, &mut subscription, params)?;
    let ask = asked(tx, account, &subscription, params)?;
    let planned = ask.as_ref().map(|ask| plan(tx.state, &subscription, ask));
    if let (Some(ask), Some(planned)) = (&ask, &planned) {
        allowed(tx, ask, planned, params)?;
    }
    let invoice = match (ask, planned) {
        (Some(ask), Some(planned)) => carry_out(tx, &mut subscription, planned, ask.behavior)?,
        (_, _) => None,
    };
    tx.put(Change::Subscription(subscription.clone()));
    tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription));
    if let Some(invoice) = invoice {
        collect(tx, &invoice)?;
    }
    Ok(Body::of(Snapshot::Subscription(tx.state.subscriptions.get(account, id)?.clone())))
}

/// The change of items, period or trial that is asked for; none when there is none.
pub fn asked(
    tx: &Tx<'_>,
    account: Option<&str>,
    subscription: &Subscription,
    params: &Params,
) -> Result<Option<Ask>, ApiError> {
    let now = tx.now();
    let anchor = params.choice("billing_cycle_anchor", &["now", "unchanged"])?;
    let restart = anchor.is_some_and(|anchor| anchor == "now");
    let trial = Trial::read(params, now)?;
    let behavior = Behavior::read(params)?;
    let at = params.time("proration_date")?;
    if let Some(at) = at
        && !(subscription.period_start..=subscription.period_end).contains(&at)
    {
        let message = "Invalid `proration_date`: it must be within the current billing period.";
        return Err(ApiError::invalid(message, Some("proration_date"), None));
    }
    if !params.has("items") && trial == Trial::AsItIs && !restart {
        return Ok(None);
    }
    let items = read_items(tx, account, params, Some(subscription))?;
    Ok(Some(Ask { items, behavior, trial, restart, at: at.unwrap_or(now), now }))
}

/// Refuses what would have to be paid and cannot be.
fn allowed(tx: &Tx<'_>, ask: &Ask, planned: &Planned, params: &Params) -> Result<(), ApiError> {
    let behaviors = ["allow_incomplete", "default_incomplete", "error_if_incomplete"];
    let strict = params.choice("payment_behavior", &behaviors)?.as_deref() == Some("error_if_incomplete");
    let subscription = &planned.subscription;
    let pays_now = planned.begins || (ask.behavior == Behavior::AlwaysInvoice && !planned.prorations.is_empty());
    if !pays_now || subscription.send_invoice {
        return Ok(());
    }
    let customer = tx.state.customers.any(&subscription.customer);
    let standing = customer.and_then(|customer| customer.default_payment_method.as_ref());
    let method = subscription.default_payment_method.as_ref().or(standing);
    let Some(method) = method.and_then(|id| tx.state.payment_methods.any(id)) else {
        let message = "This customer has no attached payment source or default payment method.";
        return Err(ApiError::invalid(message, None, Some("resource_missing")));
    };
    if strict { payment_methods::must_pay(method) } else { Ok(()) }
}

/// Puts a planned change into effect; the invoice it calls for is still a draft.
fn carry_out(
    tx: &mut Tx<'_>,
    subscription: &mut Subscription,
    planned: Planned,
    behavior: Behavior,
) -> Result<Option<String>, ApiError> {
    let ended = (subscription.period_start, tx.now());
    let old = std::mem::replace(subscription, planned.subscription);
    let owed = planned.begins || (behavior == Behavior::AlwaysInvoice && !planned.prorations.is_empty());
    for line in planned.prorations {
        let account = subscription.account.clone();
        invoices::keep_item(tx, account.as_deref(), &subscription.customer, subscription.clock.as_deref(), line);
    }
    tx.put(Change::Subscription(subscription.clone()));
    if !owed {
        return Ok(None);
    }
    let mut lines = Vec::new();
    if planned.begins {
        lines = invoices::usage(tx.state, &old, ended.0, ended.1);
        lines.extend(invoices::for_period(tx.state, subscription));
    }
    draft(tx, subscription, lines, ended).map(Some)
}

fn draft(
    tx: &mut Tx<'_>,
    subscription: &mut Subscription,
    lines: Vec<invoices::Line>,
    period: (i64, i64),
) -> Result<String, ApiError> {
    let customer = tx.state.customers.get(subscription.account.as_deref(), &subscription.customer)?.clone();
    let ask = Draft {
        customer: &customer,
        subscription: Some(subscription),
        occasion: Occasion::SubscriptionUpdate,
        currency: subscription.currency.clone(),
        lines,
        period,
        auto_advance: true,
    };
    let invoice = invoices::draft(tx, ask);
    subscription.latest_invoice = Some(invoice.id.clone());
    Ok(invoice.id)
}

fn collect(tx: &mut Tx<'_>, invoice: &str) -> Result<(), ApiError> {
    let opened = invoices::finalize(tx, invoice)?;
    if !opened.settled() && !opened.send_invoice {
        // What fails is told by the invoice and by the status.
        let _ = invoices::attempt(tx, &opened.id, None, true);
    }
    Ok(())
}

/// What changes without touching what is paid.
fn read(tx: &Tx<'_>, account: Option<&str>, subscription: &mut Subscription, params: &Params) -> Result<(), ApiError> {
    let now = tx.now();
    params.merge_metadata(&mut subscription.metadata)?;
    cancel::details(params, &mut subscription.reason)?;
    if let Some(description) = params.change("description")? {
        subscription.description = description;
    }
    if let Some(method) = params.change("default_payment_method")? {
        if let Some(method) = &method {
            payment_methods::of_customer(tx, account, method, &subscription.customer)?;
        }
        subscription.default_payment_method = method;
    }
    if params.has("trial_settings") {
        subscription.missing_method = create::missing_method(params)?;
    }
    if let Some(save) = params.within("payment_settings").text("save_default_payment_method")? {
        subscription.save_default = save == "on_subscription";
    }
    if let Some(method) = params.choice("collection_method", &["charge_automatically", "send_invoice"])? {
        subscription.send_invoice = method == "send_invoice";
        subscription.days_until_due = params.between("days_until_due", 0, 365)?.filter(|_| subscription.send_invoice);
    }
    let at_end = params.boolean("cancel_at_period_end")?;
    match (at_end, cancel_time(params, now)?) {
        (None, None) => {}
        (Some(true), Some(Some(_))) => {
            let message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end.";
            return Err(ApiError::invalid(message, Some("cancel_at"), None));
        }
        (at_end, at) => set_end(subscription, at_end.unwrap_or(false), at.flatten(), now),
    }
    if params.has("pause_collection") {
        subscription.pause = match params.change("pause_collection") {
            Ok(Some(None)) => None,
            Ok(Some(Some(_)) | None) | Err(_) => Some(pause(&params.within("pause_collection"))?),
        };
    }
    Ok(())
}

fn pause(params: &Params) -> Result<Pause, ApiError> {
    let behavior = params.choice("behavior", &["keep_as_draft", "mark_uncollectible", "void"])?;
    let behavior = behavior.ok_or_else(|| ApiError::missing_param("pause_collection[behavior]"))?;
    Ok(Pause { behavior, resumes_at: params.time("resumes_at")? })
}

/// `cancel_at`: not sent, unset, or a time to come.
pub fn cancel_time(params: &Params, now: i64) -> Result<Option<Option<i64>>, ApiError> {
    match params.change("cancel_at")? {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(_)) => match params.time("cancel_at")? {
            Some(at) if at > now => Ok(Some(Some(at))),
            Some(_) | None => {
                let message = "Timestamp must be an integer Unix timestamp in the future.";
                Err(ApiError::invalid(message, Some("cancel_at"), None))
            }
        },
    }
}

/// Sets when it ends, or that it goes on.
pub fn set_end(subscription: &mut Subscription, at_end: bool, at: Option<i64>, now: i64) {
    let end = at.or_else(|| at_end.then_some(subscription.period_end));
    subscription.cancel_at_period_end = at_end;
    subscription.cancel_at = end;
    match end {
        Some(_) => {
            subscription.canceled_at.get_or_insert(now);
            subscription.reason.reason = Some("cancellation_requested".to_owned());
        }
        None => {
            subscription.canceled_at = None;
            subscription.reason.reason = None;
        }
    }
}

/// Starts a paused subscription again, with a period that begins now and must be paid.
pub fn resume(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["billing_cycle_anchor", "payment_behavior", "proration_behavior", "proration_date"])?;
    let mut subscription = tx.state.subscriptions.get(account, id)?.clone();
    tx.live_by(subscription.clock.as_deref());
    if subscription.status != Status::Paused {
        let message = "This subscription is not paused, and therefore cannot be resumed.";
        return Err(ApiError::invalid(message, None, None));
    }
    let now = tx.now();
    let before = subscription.render();
    let (interval, count) = subscription.interval();
    subscription.anchor = now;
    subscription.period_start = now;
    subscription.period_end = super::end_of(now, interval, count, now);
    tx.put(Change::Subscription(subscription.clone()));
    let lines = invoices::for_period(tx.state, &subscription);
    let invoice = draft(tx, &mut subscription, lines, (now, now))?;
    tx.put(Change::Subscription(subscription.clone()));
    tx.emit_update("customer.subscription.updated", &before, Snapshot::Subscription(subscription));
    collect(tx, &invoice)?;
    Ok(Body::of(Snapshot::Subscription(tx.state.subscriptions.get(account, id)?.clone())))
}
