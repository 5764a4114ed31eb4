//! Creating, changing, reading and finding payment intents.

use serde_json::Value;

use super::{Intent, Status};
use crate::error::ApiError;
use crate::form::Params;
use crate::state::{Body, Change, Snapshot, Tx};
use crate::{customers, payment_methods};

const CURRENCIES: &str = "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp \
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd \
    hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk \
    mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar \
    sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd \
    xcg xof xpf yer zar zmw";

const CAPTURES: &[&str] = &["automatic", "automatic_async", "manual"];

const KNOWN: &[&str] = &[
    "amount",
    "amount_details",
    "application_fee_amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "confirmation_method",
    "confirmation_token",
    "currency",
    "customer",
    "description",
    "error_on_requires_action",
    "mandate_data",
    "metadata",
    "off_session",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
    "use_stripe_sdk",
];

pub fn create(tx: &mut Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let amount = params.amount("amount")?.ok_or_else(|| ApiError::missing_param("amount"))?;
    let currency = currency(params)?.ok_or_else(|| ApiError::missing_param("currency"))?;
    let capture_method = params.choice("capture_method", CAPTURES)?.unwrap_or_else(|| "automatic_async".to_owned());
    let methods = params.list("payment_method_types");
    if methods.iter().any(|method| method != "card") {
        let message = "The sandbox knows only cards: payment_method_types[]=card";
        return Err(ApiError::invalid(message, Some("payment_method_types"), None));
    }
    let automatic = params.nested(&["automatic_payment_methods", "enabled"]);
    let mut intent = Intent {
        manual_capture: capture_method == "manual",
        capture_method,
        confirmation_method: params
            .choice("confirmation_method", &["automatic", "manual"])?
            .unwrap_or_else(|| "automatic".to_owned()),
        automatic_methods: automatic.map_or(methods.is_empty(), |enabled| enabled == "true"),
        ..Intent::new(account, amount, currency, tx.now())
    };
    apply(tx, account, &mut intent, params)?;
    if params.boolean("confirm")? == Some(true) && intent.payment_method.is_none() {
        let message = "You cannot confirm this PaymentIntent because it's missing a payment method.";
        return Err(ApiError::invalid(message, Some("payment_method"), Some("parameter_missing")));
    }
    tx.put(Change::Intent(intent.clone()));
    tx.emit("payment_intent.created", Snapshot::Intent(intent.clone()));
    if params.boolean("confirm")? == Some(true) {
        return super::confirm(tx, account, &intent.id, &Params::default());
    }
    Ok(Body::of(Snapshot::Intent(intent)))
}

pub fn update(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let mut intent = tx.state.intents.get(account, id)?.clone();
    let open =
        matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction);
    let frozen = ["amount", "currency", "payment_method", "payment_method_data", "customer", "capture_method"];
    if let Some(param) = frozen.iter().find(|param| !open && params.has(param)) {
        let message = format!(
            "This PaymentIntent's {param} could not be updated because it has a status of {}. You may only update the \
             {param} of a PaymentIntent with one of the following statuses: requires_payment_method, \
             requires_confirmation, requires_action.",
            intent.status.word()
        );
        return Err(ApiError::unexpected_state(&intent, &message));
    }
    if let Some(amount) = params.amount("amount")? {
        intent.amount = amount;
    }
    if let Some(currency) = currency(params)? {
        intent.currency = currency;
    }
    if let Some(capture) = params.choice("capture_method", CAPTURES)? {
        intent.manual_capture = capture == "manual";
        intent.capture_method = capture;
    }
    apply(tx, account, &mut intent, params)?;
    tx.put(Change::Intent(intent.clone()));
    Ok(Body::of(Snapshot::Intent(intent)))
}

pub fn retrieve(tx: &Tx<'_>, account: Option<&str>, id: &str) -> Result<Body, ApiError> {
    Ok(Body::of(Snapshot::Intent(tx.state.intents.get(account, id)?.clone())))
}

pub fn list(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let customer = params.text("customer")?;
    let wanted = |intent: &Intent| customer.is_none() || intent.customer == customer;
    Ok(Body::json(&tx.state.intents.list(account, params, "/v1/payment_intents", wanted)?))
}

pub fn search(tx: &Tx<'_>, account: Option<&str>, params: &Params) -> Result<Body, ApiError> {
    let query = params.text("query")?.ok_or_else(|| ApiError::missing_param("query"))?;
    let clauses = crate::search::parse(&query).ok_or_else(|| {
        ApiError::invalid(&format!("We were unable to parse your query: {query}"), Some("query"), None)
    })?;
    let wanted = |intent: &Intent| clauses.iter().all(|clause| clause.matches(intent));
    Ok(Body::json(&tx.state.intents.search(account, params, "/v1/payment_intents/search", wanted)?))
}

/// What creation and update share: everything a caller may say about an intent that is still open.
fn apply(tx: &mut Tx<'_>, account: Option<&str>, intent: &mut Intent, params: &Params) -> Result<(), ApiError> {
    let fields = [
        ("description", &mut intent.description),
        ("receipt_email", &mut intent.receipt_email),
        ("return_url", &mut intent.return_url),
        ("statement_descriptor", &mut intent.statement_descriptor),
        ("statement_descriptor_suffix", &mut intent.statement_descriptor_suffix),
        ("setup_future_usage", &mut intent.setup_future_usage),
        ("transfer_group", &mut intent.transfer_group),
        ("on_behalf_of", &mut intent.on_behalf_of),
    ];
    for (name, field) in fields {
        if let Some(change) = params.change(name)? {
            *field = change;
        }
    }
    if intent.receipt_email.as_ref().is_some_and(|email| !email.contains('@')) {
        let message = "Invalid email address for receipt_email";
        return Err(ApiError::invalid(message, Some("receipt_email"), Some("email_invalid")));
    }
    if let Some(customer) = params.text("customer")? {
        customers::living(tx, account, &customer)?;
        intent.customer = Some(customer);
    }
    if let Some(shipping) = params.object("shipping").filter(|value| value.is_object()) {
        intent.shipping = Some(shipping.clone());
    }
    if let Some(destination) = params.nested(&["transfer_data", "destination"]) {
        intent.transfer_data = Some(serde_json::json!({ "destination": destination }));
    }
    if let Some(fee) = params.integer("application_fee_amount")? {
        let direct = account.is_some() || intent.transfer_data.as_ref().is_some_and(Value::is_object);
        if !direct {
            let message = "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct \
                           payment (using an OAuth key or Stripe-Account header) or destination payment (using \
                           `transfer_data[destination]`).";
            return Err(ApiError::invalid(message, Some("application_fee_amount"), None));
        }
        if fee < 0 || fee > intent.amount {
            let message = "The application_fee_amount must be between 0 and the amount of the payment.";
            return Err(ApiError::invalid(message, Some("application_fee_amount"), None));
        }
        intent.application_fee_amount = Some(fee);
    }
    params.merge_metadata(&mut intent.metadata)?;
    // Last, because it may save a payment method: nothing is saved for a request that is refused.
    if let Some(method) = payment_methods::from_params(tx, account, params)? {
        intent.payment_method = Some(method.id);
        if intent.status == Status::RequiresPaymentMethod {
            intent.status = Status::RequiresConfirmation;
        }
    }
    Ok(())
}

pub fn currency(params: &Params) -> Result<Option<String>, ApiError> {
    let Some(sent) = params.text("currency")? else { return Ok(None) };
    let currency = sent.to_ascii_lowercase();
    if currency.len() == 3 && CURRENCIES.split_whitespace().any(|known| known == currency) {
        return Ok(Some(currency));
    }
    Err(ApiError::invalid(&format!("Invalid currency: {sent}."), Some("currency"), Some("parameter_invalid_string")))
}
