//! Ending a payment intent: capturing what was authorised, or cancelling.

use super::{Intent, Status};
use crate::error::ApiError;
use crate::form::Params;
use crate::state::{Body, Change, Snapshot, Tx};

const REASONS: &[&str] = &["abandoned", "duplicate", "fraudulent", "requested_by_customer"];

pub fn capture(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&[
        "amount_to_capture",
        "application_fee_amount",
        "final_capture",
        "metadata",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "amount_details",
        "payment_details",
        "hooks",
    ])?;
    let mut intent = tx.state.intents.get(account, id)?.clone();
    let wanted = params.amount("amount_to_capture")?;
    if intent.status != Status::RequiresCapture {
        let message = format!(
            "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of \
             the following statuses may be captured: requires_capture.",
            intent.status.word()
        );
        return Err(ApiError::unexpected_state(&intent, &message));
    }
    let amount = wanted.unwrap_or(intent.amount_capturable);
    if amount > intent.amount_capturable {
        let message = "The amount_to_capture is greater than the amount that can be captured.";
        return Err(ApiError::invalid(message, Some("amount_to_capture"), Some("amount_too_large")));
    }
    if let Some(fee) = params.integer("application_fee_amount")? {
        intent.application_fee_amount = Some(fee);
    }
    params.merge_metadata(&mut intent.metadata)?;
    if let Some(mut charge) = charge_of(tx, &intent) {
        charge.captured = true;
        charge.amount_captured = amount;
        // What is not captured goes back to the shopper.
        charge.amount_refunded = charge.amount - amount;
        tx.put(Change::Charge(charge));
    }
    intent.status = Status::Succeeded;
    intent.amount_capturable = 0;
    intent.amount_received = amount;
    tx.put(Change::Intent(intent.clone()));
    tx.emit("payment_intent.succeeded", Snapshot::Intent(intent.clone()));
    Ok(Body::of(Snapshot::Intent(intent)))
}

pub fn cancel(tx: &mut Tx<'_>, account: Option<&str>, id: &str, params: &Params) -> Result<Body, ApiError> {
    params.only(&["cancellation_reason"])?;
    let reason = params.choice("cancellation_reason", REASONS)?;
    let mut intent = tx.state.intents.get(account, id)?.clone();
    match intent.status {
        Status::RequiresPaymentMethod
        | Status::RequiresConfirmation
        | Status::RequiresAction
        | Status::RequiresCapture => {}
        Status::Processing | Status::Succeeded | Status::Canceled => {
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of \
                 the following statuses may be canceled: requires_payment_method, requires_capture, \
                 requires_confirmation, requires_action.",
                intent.status.word()
            );
            return Err(ApiError::unexpected_state(&intent, &message));
        }
    }
    call_off(tx, &mut intent, reason);
    Ok(Body::of(Snapshot::Intent(intent)))
}

/// Ends an intent that took no money.
pub fn call_off(tx: &mut Tx<'_>, intent: &mut Intent, reason: Option<String>) {
    if intent.status == Status::RequiresCapture
        && let Some(mut charge) = charge_of(tx, intent)
    {
        charge.amount_refunded = charge.amount;
        tx.put(Change::Charge(charge));
    }
    intent.status = Status::Canceled;
    intent.amount_capturable = 0;
    intent.authenticate_at = None;
    intent.canceled_at = Some(tx.now());
    intent.cancellation_reason = reason;
    tx.put(Change::Intent(intent.clone()));
    tx.emit("payment_intent.canceled", Snapshot::Intent(intent.clone()));
}

/// Lets an authorisation lapse, as the issuer does after some days.
pub fn lapse(tx: &mut Tx<'_>, id: &str) -> Result<Intent, ApiError> {
    let found = tx.state.intents.any(id).cloned();
    let intent = found.ok_or_else(|| ApiError::not_found("payment_intent", id, "intent"))?;
    if intent.status != Status::RequiresCapture {
        return Err(ApiError::unexpected_state(&intent, "This PaymentIntent holds no authorisation."));
    }
    let account = intent.account.clone();
    cancel(tx, account.as_deref(), id, &Params::default())?;
    let mut intent = tx.state.intents.get(account.as_deref(), id)?.clone();
    intent.cancellation_reason = Some("automatic".to_owned());
    tx.put(Change::Intent(intent.clone()));
    Ok(intent)
}

fn charge_of(tx: &Tx<'_>, intent: &Intent) -> Option<crate::charges::Charge> {
    tx.state.charges.any(intent.latest_charge.as_deref()?).cloned()
}
