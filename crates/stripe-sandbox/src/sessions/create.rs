//! Making a checkout session.

use super::{LineItem, Mode, Session, Status, SubscriptionData};
use crate::catalog;
use crate::customers;
use crate::error::ApiError;
use crate::form::{Metadata, Params};
use crate::ids::{new_id, random};
use crate::invoices;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::subscriptions::missing_method;

const HALF_AN_HOUR: i64 = 30 * 60;
const DAY: i64 = 24 * 60 * 60;

const KNOWN: &[&str] = &[
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "currency",
    "customer",
    "customer_creation",
    "customer_email",
    "customer_update",
    "expires_at",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data",
    "payment_method_collection",
    "payment_method_types",
    "setup_intent_data",
    "submit_type",
    "subscription_data",
    "success_url",
    "tax_id_collection",
    "ui_mode",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let mode = match params.choice("mode", &["payment", "setup", "subscription"])?.as_deref() {
        Some("subscription") => Mode::Subscription,
        Some("setup") => Mode::Setup,
        Some(_) => Mode::Payment,
        None => return Err(ApiError::missing_param("mode")),
    };
    let hosted = params.text("ui_mode")?.is_none_or(|mode| mode == "hosted" || mode == "hosted_page");
    if !hosted {
        let message = "The sandbox knows only the hosted page: ui_mode=hosted_page";
        return Err(ApiError::invalid(message, Some("ui_mode"), None));
    }
    let customer = match params.text("customer")? {
        Some(customer) => Some(customers::living(tx, account, &customer)?),
        None => None,
    };
    let clock = customer.as_ref().and_then(|customer| customer.clock.clone());
    tx.live_by(clock.as_deref());
    let now = tx.now();
    let items = line_items(tx, account, mode, params)?;
    let email = params.text("customer_email")?;
    if email.is_some() && customer.is_some() {
        let message = "You may only specify one of these parameters: customer, customer_email.";
        return Err(ApiError::invalid(message, Some("customer_email"), None));
    }
    let success_url = params.text("success_url")?.ok_or_else(|| ApiError::missing_param("success_url"))?;
    let collection = params.choice("payment_method_collection", &["always", "if_required"])?;
    let id = format!("cs_test_{}", random(56));
    let mut session = Session {
        page: format!("{}/c/pay/{id}", tx.url),
        id,
        account: account.map(str::to_owned),
        created: now,
        expires_at: expiry(params, now)?,
        mode,
        status: Status::Open,
        currency: match items.first() {
            Some(item) => Some(item.price.currency.clone()),
            None => params.text("currency")?,
        },
        items,
        customer_email: email.or_else(|| customer.as_ref().and_then(|customer| customer.email.clone())),
        customer: customer.map(|customer| customer.id),
        client_reference_id: params.text("client_reference_id")?,
        success_url: Some(url("success_url", success_url)?),
        cancel_url: params.text("cancel_url")?.map(|back| url("cancel_url", back)).transpose()?,
        always_card: collection.is_none_or(|collection| collection == "always"),
        data: subscription_data(params, mode, now)?,
        intent_metadata: Metadata::new(),
        subscription: None,
        invoice: None,
        payment_intent: None,
        setup_intent: None,
        paid: false,
        clock,
        metadata: Metadata::new(),
    };
    params.within("payment_intent_data").merge_metadata(&mut session.intent_metadata)?;
    params.within("setup_intent_data").merge_metadata(&mut session.intent_metadata)?;
    params.merge_metadata(&mut session.metadata)?;
    tx.put(Change::Session(session.clone()));
    Ok(Body::of(Snapshot::Session(session)))
}

fn line_items(tx: &Tx<'_>, account: Option<&str>, mode: Mode, params: &Params) -> Result<Vec<LineItem>, ApiError> {
    let mut items: Vec<LineItem> = Vec::new();
    for (at, sent) in params.each("line_items").iter().enumerate() {
        sent.only(&["adjustable_quantity", "price", "quantity"])?;
        let named = |name: &str| format!("line_items[{at}][{name}]");
        let price = sent.text("price")?.ok_or_else(|| ApiError::missing_param(&named("price")))?;
        let price = catalog::for_sale(tx, account, &price)
            .map_err(|error| ApiError { param: Some(named("price")), ..error })?;
        let quantity = match (sent.between("quantity", 1, 999_999)?, price.metered()) {
            (None, true) => None,
            (Some(_), true) => {
                let message = "You cannot set the quantity for metered plans.";
                return Err(ApiError::invalid(message, Some(&named("quantity")), None));
            }
            (Some(quantity), false) => Some(quantity),
            (None, false) => return Err(ApiError::missing_param(&named("quantity"))),
        };
        if mode == Mode::Payment && price.recurring.is_some() {
            let message = "You specified `payment` mode but passed a recurring price. Either switch to `subscription` \
                           mode or use only one-time prices.";
            return Err(ApiError::invalid(message, Some(&named("price")), None));
        }
        if items.iter().any(|item| item.price.currency != price.currency) {
            let message = "All prices of a session must have the same currency.";
            return Err(ApiError::invalid(message, Some(&named("price")), None));
        }
        let description = invoices::product_name(tx.state, &price);
        items.push(LineItem { id: new_id("li"), price, quantity, description });
    }
    let recurring = items.iter().any(|item| item.price.recurring.is_some());
    match mode {
        Mode::Subscription if !recurring => {
            let message = "You must provide at least one recurring price in `subscription` mode when using prices.";
            Err(ApiError::invalid(message, Some("line_items"), None))
        }
        Mode::Payment if items.is_empty() => Err(ApiError::missing_param("line_items")),
        Mode::Setup if !items.is_empty() => {
            Err(ApiError::invalid("`line_items` are not supported in `setup` mode.", Some("line_items"), None))
        }
        Mode::Subscription | Mode::Payment | Mode::Setup => Ok(items),
    }
}

fn subscription_data(params: &Params, mode: Mode, now: i64) -> Result<SubscriptionData, ApiError> {
    let sent = params.within("subscription_data");
    if params.has("subscription_data") && mode != Mode::Subscription {
        let message = "You can not pass `subscription_data` outside of `subscription` mode.";
        return Err(ApiError::invalid(message, Some("subscription_data"), None));
    }
    let read = || -> Result<SubscriptionData, ApiError> {
        sent.only(&["billing_mode", "description", "metadata", "trial_end", "trial_period_days", "trial_settings"])?;
        let mut data = SubscriptionData {
            trial_days: sent.between("trial_period_days", 1, 730)?,
            trial_end: sent.time("trial_end")?,
            missing_method: missing_method(&sent)?,
            description: sent.text("description")?,
            metadata: Metadata::new(),
        };
        if data.trial_end.is_some_and(|end| end < now + 2 * DAY) {
            let message = "The `trial_end` date has to be at least 2 days in the future.";
            return Err(ApiError::invalid(message, Some("trial_end"), None));
        }
        if data.trial_end.is_some() && data.trial_days.is_some() {
            let message = "You may only specify one of these parameters: trial_end, trial_period_days.";
            return Err(ApiError::invalid(message, Some("trial_end"), None));
        }
        sent.merge_metadata(&mut data.metadata)?;
        Ok(data)
    };
    read().map_err(|error| {
        let param = error.param.as_ref().map(|param| format!("subscription_data[{param}]"));
        ApiError { param, ..error }
    })
}

fn expiry(params: &Params, now: i64) -> Result<i64, ApiError> {
    match params.time("expires_at")? {
        None => Ok(now + DAY),
        // A minute's grace for clocks that differ.
        Some(at) if (now + HALF_AN_HOUR - 60..=now + DAY + 60).contains(&at) => Ok(at),
        Some(_) => {
            let message = "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout \
                           Session creation.";
            Err(ApiError::invalid(message, Some("expires_at"), None))
        }
    }
}

fn url(name: &str, sent: String) -> Result<String, ApiError> {
    if sent.starts_with("http://") || sent.starts_with("https://") {
        return Ok(sent);
    }
    let message = "Not a valid URL: an explicit scheme (such as https) must be provided.";
    Err(ApiError::invalid(message, Some(name), Some("url_invalid")))
}
