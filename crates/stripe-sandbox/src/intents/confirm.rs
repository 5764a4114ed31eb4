//! Confirming a payment intent, and what follows from the card used.

use super::{Intent, PaymentError, Status};
use crate::cards::{Behaviour, Decline};
use crate::charges::Charge;
use crate::error::{ApiError, FailedAttempt};
use crate::form::Params;
use crate::invoices;
use crate::payment_methods::{self, PaymentMethod};
use crate::state::{Body, Change, Snapshot, Tx};
use crate::table::Row as _;

const KNOWN: &[&str] = &[
    "capture_method",
    "confirmation_token",
    "error_on_requires_action",
    "mandate",
    "mandate_data",
    "off_session",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "use_stripe_sdk",
    "expected_payment_method_type",
    "client_context",
];

/// How a person left the authentication page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Complete,
    Fail,
}

pub fn confirm(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(KNOWN)?;
    let mut intent = tx.state.intents.get(account, id)?.clone();
    invoices::live_with(tx, intent.invoice.as_deref());
    let confirmable =
        matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction);
    if !confirmable {
        let message = format!(
            "You cannot confirm this PaymentIntent because it has already {} after being previously confirmed.",
            match intent.status {
                Status::Succeeded => "succeeded",
                Status::Canceled => "been canceled",
                Status::RequiresCapture => "been authorized",
                Status::Processing
                | Status::RequiresAction
                | Status::RequiresConfirmation
                | Status::RequiresPaymentMethod => "started processing",
            }
        );
        return Err(ApiError::unexpected_state(&intent, &message));
    }
    if let Some(back) = params.change("return_url")? {
        intent.return_url = back;
    }
    if let Some(email) = params.change("receipt_email")? {
        intent.receipt_email = email;
    }
    let method = match payment_methods::from_params(tx, account, params)? {
        Some(method) => method,
        None => match &intent.payment_method {
            Some(id) => tx.state.payment_methods.get(account, id)?.clone(),
            None => {
                let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can \
                               either update the PaymentIntent with a payment method and then confirm it again, or \
                               confirm it again directly with a payment method or ConfirmationToken.";
                return Err(ApiError::unexpected_state(&intent, message));
            }
        },
    };
    intent.payment_method = Some(method.id.clone());
    intent.last_payment_error = None;
    intent.authenticate_at = None;
    if let Some(invoice) = &intent.invoice {
        invoices::count_attempt(tx, invoice);
    }
    attempt(tx, intent, &method)
}

/// Tries to take the money from the card.
pub fn attempt(tx: &mut Tx<'_>, mut intent: Intent, method: &PaymentMethod) -> Result<Body, ApiError> {
    intent.payment_method = Some(method.id.clone());
    match method.behaviour {
        Behaviour::Succeeds | Behaviour::RefundsSlowly | Behaviour::RefundsFail => Ok(pay(tx, intent, method)),
        Behaviour::AuthenticatesOnce if method.authenticated => Ok(pay(tx, intent, method)),
        Behaviour::DeclinedLater => Err(refuse(tx, intent, method, Decline::Generic)),
        Behaviour::Declined(decline) => Err(refuse(tx, intent, method, decline)),
        Behaviour::Authenticates | Behaviour::AuthenticatesOnce | Behaviour::AuthenticatesThenDeclined => {
            intent.status = Status::RequiresAction;
            intent.authenticate_at =
                Some(format!("{}/sandbox/authenticate/{}?client_secret={}", tx.url, intent.id, intent.client_secret));
            tx.put(Change::Intent(intent.clone()));
            tx.emit("payment_intent.requires_action", Snapshot::Intent(intent.clone()));
            if let Some(invoice) = &intent.invoice {
                invoices::payment_waits(tx, invoice);
            }
            Ok(Body::of(Snapshot::Intent(intent)))
        }
        Behaviour::Processes => {
            intent.status = Status::Processing;
            tx.put(Change::Intent(intent.clone()));
            tx.emit("payment_intent.processing", Snapshot::Intent(intent.clone()));
            Ok(Body::of(Snapshot::Intent(intent)))
        }
    }
}

/// What the person did on the authentication page.
pub fn authenticate(tx: &mut Tx<'_>, id: &str, secret: &str, outcome: Outcome) -> Result<Intent, ApiError> {
    let found = tx.state.intents.any(id).filter(|intent| intent.client_secret == secret);
    let mut intent = found.cloned().ok_or_else(|| ApiError::not_found("payment_intent", id, "intent"))?;
    if intent.status != Status::RequiresAction {
        return Err(ApiError::unexpected_state(&intent, "This PaymentIntent does not wait for authentication."));
    }
    let account = intent.account.clone();
    let method_id = intent.payment_method.clone().unwrap_or_default();
    let mut method = tx.state.payment_methods.get(account.as_deref(), &method_id)?.clone();
    invoices::live_with(tx, intent.invoice.as_deref());
    intent.authenticate_at = None;
    match (outcome, method.behaviour) {
        (Outcome::Fail, _) => {
            let message = "We are unable to authenticate your payment method. Please choose a different payment \
                           method and try again.";
            let failure = PaymentError {
                kind: "invalid_request_error".to_owned(),
                code: "payment_intent_authentication_failure".to_owned(),
                decline_code: None,
                message: message.to_owned(),
                charge: None,
                method: Some(method),
            };
            fail(tx, &mut intent, failure);
        }
        (Outcome::Complete, Behaviour::AuthenticatesThenDeclined) => {
            refuse(tx, intent, &method, Decline::Generic);
        }
        (Outcome::Complete, _) => {
            method.authenticated = true;
            tx.put(Change::PaymentMethod(method.clone()));
            pay(tx, intent, &method);
        }
    }
    Ok(tx.state.intents.get(account.as_deref(), id)?.clone())
}

/// Settles an intent that was processing.
pub fn finish_processing(tx: &mut Tx<'_>, id: &str) -> Result<(), ApiError> {
    let Some(intent) = tx.state.intents.any(id).filter(|intent| intent.status == Status::Processing).cloned() else {
        return Ok(());
    };
    invoices::live_with(tx, intent.invoice.as_deref());
    let method_id = intent.payment_method.clone().unwrap_or_default();
    let method = tx.state.payment_methods.get(intent.account.as_deref(), &method_id)?.clone();
    pay(tx, intent, &method);
    Ok(())
}

fn pay(tx: &mut Tx<'_>, mut intent: Intent, method: &PaymentMethod) -> Body {
    let charge = Charge::paid(&intent, method, tx.now());
    intent.latest_charge = Some(charge.id.clone());
    tx.put(Change::Charge(charge));
    let event = if intent.manual_capture {
        intent.status = Status::RequiresCapture;
        intent.amount_capturable = intent.amount;
        "payment_intent.amount_capturable_updated"
    } else {
        intent.status = Status::Succeeded;
        intent.amount_received = intent.amount;
        "payment_intent.succeeded"
    };
    tx.put(Change::Intent(intent.clone()));
    tx.emit(event, Snapshot::Intent(intent.clone()));
    if let Some(invoice) = intent.invoice.as_deref().filter(|_| intent.status == Status::Succeeded) {
        invoices::payment_succeeded(tx, invoice);
    }
    Body::of(Snapshot::Intent(intent))
}

fn refuse(tx: &mut Tx<'_>, mut intent: Intent, method: &PaymentMethod, decline: Decline) -> ApiError {
    let (code, decline_code, message) = decline.words();
    let mut failure = PaymentError {
        kind: "card_error".to_owned(),
        code: code.to_owned(),
        decline_code: decline_code.map(str::to_owned),
        message: message.to_owned(),
        charge: None,
        method: Some(method.clone()),
    };
    let charge = Charge::failed(&intent, method, failure.clone(), tx.now());
    failure.charge = Some(charge.id.clone());
    intent.latest_charge = Some(charge.id.clone());
    tx.put(Change::Charge(charge));
    fail(tx, &mut intent, failure.clone());
    ApiError {
        attempt: Some(Box::new(FailedAttempt {
            decline_code: failure.decline_code,
            charge: failure.charge,
            payment_method: method.render(),
        })),
        payment_intent: Some(Box::new(intent)),
        executed: true,
        ..ApiError::new(402, "card_error", Some(code), message)
    }
}

fn fail(tx: &mut Tx<'_>, intent: &mut Intent, failure: PaymentError) {
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.last_payment_error = Some(failure);
    tx.put(Change::Intent(intent.clone()));
    tx.emit("payment_intent.payment_failed", Snapshot::Intent(intent.clone()));
    if let Some(invoice) = &intent.invoice {
        invoices::payment_failed(tx, invoice);
    }
}
