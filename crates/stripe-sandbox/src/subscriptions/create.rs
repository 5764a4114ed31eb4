//! Starting a subscription, through the API or from a checkout page.

use super::{Interval, MissingMethod, Reason, Status, Subscription, Wanted, end_of, read_items};
use crate::customers::{self, Customer};
use crate::decimal;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::new_id;
use crate::invoices::{self, Draft, Occasion};
use crate::payment_methods;
use crate::state::{Body, Change, Snapshot, Tx};

const DAY: i64 = 24 * 60 * 60;
const FIVE_YEARS: i64 = 5 * 366 * DAY;

const KNOWN: &[&str] = &[
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "collection_method",
    "currency",
    "customer",
    "days_until_due",
    "default_payment_method",
    "description",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "payment_settings",
    "proration_behavior",
    "trial_end",
    "trial_from_plan",
    "trial_period_days",
    "trial_settings",
];

/// What to do when the first payment does not go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "as the provider names them")]
pub enum Payment {
    /// Try; the subscription stays incomplete when it fails.
    AllowIncomplete,
    /// Do not try: somebody will confirm the payment with its client secret.
    DefaultIncomplete,
    /// Try; nothing is made when it fails.
    ErrorIfIncomplete,
}

/// A subscription that is to start.
pub struct New {
    pub customer: Customer,
    pub items: Wanted,
    pub trial_end: Option<i64>,
    pub missing_method: MissingMethod,
    pub default_payment_method: Option<String>,
    pub save_default: bool,
    pub payment: Payment,
    pub send_invoice: bool,
    pub days_until_due: Option<i64>,
    pub description: Option<String>,
    pub metadata: Metadata,
}

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let customer = params.text("customer")?.ok_or_else(|| ApiError::missing_param("customer"))?;
    let customer = customers::living(tx, account, &customer)?;
    tx.live_by(customer.clock.as_deref());
    let items = read_items(tx, account, params, None)?;
    let default_payment_method = match params.text("default_payment_method")? {
        Some(method) => Some(payment_methods::of_customer(tx, account, &method, &customer.id)?.id),
        None => None,
    };
    let behaviors = ["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"];
    let payment = match params.choice("payment_behavior", &behaviors)?.as_deref() {
        Some("default_incomplete") => Payment::DefaultIncomplete,
        Some("error_if_incomplete") => Payment::ErrorIfIncomplete,
        Some(_) | None => Payment::AllowIncomplete,
    };
    let method = params.choice("collection_method", &["charge_automatically", "send_invoice"])?;
    let send_invoice = method.is_some_and(|method| method == "send_invoice");
    let days_until_due = params.between("days_until_due", 0, 365)?;
    if send_invoice != days_until_due.is_some() {
        let message = "`days_until_due` must be given with collection_method=send_invoice, and only then.";
        return Err(ApiError::invalid(message, Some("days_until_due"), None));
    }
    let mut metadata = Metadata::new();
    params.merge_metadata(&mut metadata)?;
    let settings = params.within("payment_settings");
    let new = New {
        trial_end: trial_end(params, &items, tx.now())?,
        missing_method: missing_method(params)?,
        save_default: settings.text("save_default_payment_method")?.as_deref() == Some("on_subscription"),
        description: params.text("description")?,
        customer,
        items,
        default_payment_method,
        payment,
        send_invoice,
        days_until_due,
        metadata,
    };
    let at_end = params.boolean("cancel_at_period_end")?.unwrap_or(false);
    let cancel_at = super::update::cancel_time(params, tx.now())?.flatten();
    let mut subscription = start(tx, new)?;
    if at_end || cancel_at.is_some() {
        super::update::set_end(&mut subscription, at_end, cancel_at, tx.now());
        tx.put(Change::Subscription(subscription.clone()));
    }
    Ok(Body::of(Snapshot::Subscription(subscription)))
}

pub fn missing_method(params: &Params) -> Result<MissingMethod, ApiError> {
    let behavior = params.within("trial_settings").within("end_behavior");
    let word = behavior.choice("missing_payment_method", MissingMethod::WORDS)?;
    Ok(word.map_or_else(MissingMethod::default, |word| MissingMethod::parse(&word)))
}

/// When the trial ends that is asked for by days, by time, or by the price.
pub fn trial_end(params: &Params, items: &Wanted, now: i64) -> Result<Option<i64>, ApiError> {
    if params.nested(&["trial_end"]) == Some("now") {
        return Ok(None);
    }
    let days = match params.between("trial_period_days", 0, 1825)? {
        None if params.boolean("trial_from_plan")? == Some(true) => {
            let of_price = |item: &super::Item| item.price.recurring.as_ref()?.trial_period_days;
            items.items.iter().find_map(of_price)
        }
        days => days,
    };
    match (params.time("trial_end")?, days) {
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: trial_end, trial_period_days.";
            Err(ApiError::invalid(message, Some("trial_end"), None))
        }
        (Some(end), None) if end <= now || end > now + FIVE_YEARS => {
            let message = "Invalid timestamp: must be in the future and no more than five years from now.";
            Err(ApiError::invalid(message, Some("trial_end"), None))
        }
        (Some(end), None) => Ok(Some(end)),
        (None, Some(days)) if days > 0 => Ok(Some(now + days * DAY)),
        (None, Some(_) | None) => Ok(None),
    }
}

/// Makes the subscription and its first invoice.
pub fn start(tx: &mut Tx<'_>, new: New) -> Result<Subscription, ApiError> {
    let now = tx.now();
    let subscription = blank(&new, now);
    let cost = decimal::sum(subscription.items.iter().map(super::Item::per_period));
    let to_pay = new.trial_end.is_none() && cost > 0 && !new.send_invoice && new.payment != Payment::DefaultIncomplete;
    let method = new.default_payment_method.as_ref().or(new.customer.default_payment_method.as_ref());
    if to_pay && method.is_none() {
        let message = "This customer has no attached payment source or default payment method. Please consider adding \
                       a default payment method. For more information, visit \
                       https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.";
        return Err(ApiError::invalid(message, None, Some("resource_missing")));
    }
    if let (true, Payment::ErrorIfIncomplete, Some(method)) = (to_pay, new.payment, method) {
        let method = tx.state.payment_methods.any(method).cloned();
        method.as_ref().map_or(Ok(()), payment_methods::must_pay)?;
    }
    let mut subscription = subscription;
    tx.put(Change::Subscription(subscription.clone()));
    let lines = invoices::for_period(tx.state, &subscription);
    let invoice = invoices::draft(
        tx,
        Draft {
            customer: &new.customer,
            subscription: Some(&subscription),
            occasion: Occasion::SubscriptionCreate,
            currency: subscription.currency.clone(),
            lines,
            period: (now, now),
            auto_advance: false,
        },
    );
    subscription.latest_invoice = Some(invoice.id.clone());
    tx.put(Change::Subscription(subscription.clone()));
    tx.emit("customer.subscription.created", Snapshot::Subscription(subscription.clone()));
    let opened = invoices::finalize(tx, &invoice.id)?;
    if to_pay && !opened.settled() {
        // What fails is told by the invoice and by the status.
        let _ = invoices::attempt(tx, &opened.id, None, false);
    }
    let id = subscription.id;
    if new.trial_end.is_some_and(|end| end - super::TRIAL_NOTICE <= now) {
        super::turn(tx, &id);
    }
    tx.state.subscriptions.any(&id).cloned().ok_or_else(ApiError::internal)
}

/// The subscription as it begins, kept nowhere.
pub fn blank(new: &New, now: i64) -> Subscription {
    let customer = &new.customer;
    let status = match (new.trial_end, new.send_invoice) {
        (Some(_), _) => Status::Trialing,
        (None, true) => Status::Active,
        (None, false) => Status::Incomplete,
    };
    let mut subscription = Subscription {
        id: new_id("sub"),
        account: customer.account.clone(),
        created: now,
        customer: customer.id.clone(),
        status,
        items: new.items.items.clone(),
        currency: new.items.currency.clone(),
        anchor: new.trial_end.unwrap_or(now),
        period_start: now,
        period_end: now,
        trial_start: new.trial_end.map(|_| now),
        trial_end: new.trial_end,
        missing_method: new.missing_method,
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        ended_at: None,
        reason: Reason::default(),
        send_invoice: new.send_invoice,
        days_until_due: new.days_until_due,
        default_payment_method: new.default_payment_method.clone(),
        save_default: new.save_default,
        description: new.description.clone(),
        latest_invoice: None,
        pause: None,
        clock: customer.clock.clone(),
        metadata: new.metadata.clone(),
        trial_end_told: false,
        renewal_told: None,
    };
    let (interval, count): (Interval, u32) = subscription.interval();
    subscription.period_end = new.trial_end.unwrap_or_else(|| end_of(now, interval, count, now));
    subscription
}
