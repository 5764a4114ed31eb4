//! Webhooks: is this body Stripe's, and what does it tell?
//!
//! Only the envelope is parsed. A signed event whose object this build cannot read must still be stored, so reading
//! the object is a second step that may say "not mine".

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::{Intent, IntentStatus, Refund, RefundStatus};

/// How far the signature's clock may be from ours, in seconds, either way.
pub const TOLERANCE: u64 = 300;

/// A verified event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `evt_…`; the same for every delivery of the event.
    pub id: String,
    /// Such as `payment_intent.succeeded`.
    pub kind: String,
    /// Unix seconds.
    pub created: i64,
    /// Whether it is about real money.
    pub livemode: bool,
    /// The connected account it is about.
    pub account: Option<String>,
    /// The API version that shaped `object`.
    pub api_version: Option<String>,
    /// `data.object`. Holds client secrets: never log it.
    pub object: Value,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature header, or one without a time or a `v1` signature, or no secret to check it with.
    #[error("the delivery carries no usable signature")]
    MissingSignature,
    /// No secret makes any of the signatures.
    #[error("the signature does not belong to this body")]
    BadSignature,
    /// Signed correctly, but more than 300 s ago or ahead.
    #[error("the signature is too old or from the future")]
    Stale,
    /// Signed correctly, but not an event.
    #[error("the signed body is not an event")]
    NotAnEvent,
}

/// Checks `payload`, exactly as it came over the wire, and reads the envelope.
///
/// Several secrets may be valid at once, so that one can be replaced without losing a delivery. Empty secrets are
/// ignored, and without any other every delivery is refused. The caller limits the size of `payload`.
///
/// # Errors
/// See [`WebhookError`]; a time outside the tolerance is reported only for a signature that is otherwise right.
pub fn verify(
    payload: &[u8],
    signature_header: &str,
    secrets: &[String],
    now_unix: i64,
) -> Result<Event, WebhookError> {
    let signed_at = signed_at(payload, signature_header, secrets)?;
    if now_unix.abs_diff(signed_at) > TOLERANCE {
        return Err(WebhookError::Stale);
    }
    parse_event(payload).ok_or(WebhookError::NotAnEvent)
}

/// Checks that `payload` is Stripe's; when it was signed, by Unix seconds. Whether that is too long ago, and whether
/// the payload can be read, is for the caller to see.
///
/// # Errors
/// `MissingSignature` or `BadSignature`.
pub fn signed_at(payload: &[u8], signature_header: &str, secrets: &[String]) -> Result<i64, WebhookError> {
    let (time, signatures) = parse_header(signature_header)?;
    let mut usable = secrets.iter().filter(|secret| !secret.is_empty()).peekable();
    if usable.peek().is_none() {
        return Err(WebhookError::MissingSignature);
    }
    let signed_by_us = usable.any(|secret| signatures.iter().any(|given| matches(secret, time, payload, given)));
    if !signed_by_us {
        return Err(WebhookError::BadSignature);
    }
    time.parse().map_err(|_| WebhookError::MissingSignature)
}

fn parse_header(header: &str) -> Result<(&str, Vec<Vec<u8>>), WebhookError> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) => signatures.extend(unhex(value)),
            Some(_) | None => {}
        }
    }
    match time {
        Some(time) if !signatures.is_empty() => Ok((time, signatures)),
        Some(_) | None => Err(WebhookError::MissingSignature),
    }
}

fn matches(secret: &str, time: &str, payload: &[u8], given: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(payload);
    mac.verify_slice(given).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn parse_event(payload: &[u8]) -> Option<Event> {
    let mut envelope: Value = serde_json::from_slice(payload).ok()?;
    let account = match envelope.get("account") {
        None | Some(Value::Null) => None,
        Some(_) => Some(text(&envelope, "account")?),
    };
    Some(Event {
        id: text(&envelope, "id").filter(|id| !id.is_empty())?,
        kind: text(&envelope, "type")?,
        created: envelope.get("created")?.as_i64()?,
        livemode: envelope.get("livemode")?.as_bool()?,
        account,
        api_version: text(&envelope, "api_version"),
        object: envelope.get_mut("data")?.get_mut("object").filter(|object| object.is_object())?.take(),
    })
}

impl Event {
    /// Reads a payload that was verified when it came, however long ago; `None` when it is not an event.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        parse_event(payload)
    }

    /// The payment intent this event is about; `None` when it is about something else or cannot be read.
    pub fn intent(&self) -> Option<Intent> {
        let object = self.about("payment_intent")?;
        let failure = object.get("last_payment_error");
        Some(Intent {
            id: text(object, "id")?,
            status: IntentStatus::parse(object.get("status")?.as_str()?)?,
            amount_minor: object.get("amount")?.as_i64()?,
            amount_received_minor: object.get("amount_received")?.as_i64()?,
            amount_capturable_minor: object.get("amount_capturable").and_then(Value::as_i64).unwrap_or_default(),
            currency: text(object, "currency")?.to_ascii_uppercase(),
            client_secret: text(object, "client_secret"),
            metadata: metadata(object),
            livemode: object.get("livemode")?.as_bool()?,
            created: object.get("created")?.as_i64()?,
            failure_code: failure.and_then(|error| text(error, "decline_code").or_else(|| text(error, "code"))),
        })
    }

    /// The refund this event is about; `None` when it is about something else or cannot be read.
    pub fn refund(&self) -> Option<Refund> {
        let object = self.about("refund")?;
        Some(Refund {
            id: text(object, "id")?,
            status: RefundStatus::parse(object.get("status")?.as_str()?)?,
            amount_minor: object.get("amount")?.as_i64()?,
            currency: text(object, "currency")?.to_ascii_uppercase(),
            intent: text(object, "payment_intent"),
            failure_reason: text(object, "failure_reason"),
            metadata: metadata(object),
            created: object.get("created")?.as_i64()?,
        })
    }

    fn about(&self, kind: &str) -> Option<&Value> {
        (self.object.get("object")?.as_str()? == kind).then_some(&self.object)
    }
}

/// Names and codes; what holds control characters is none of Stripe's, and no database takes a NUL.
fn text(object: &Value, field: &str) -> Option<String> {
    object.get(field)?.as_str().filter(|text| !text.chars().any(char::is_control)).map(str::to_owned)
}

fn metadata(object: &Value) -> BTreeMap<String, String> {
    let pairs = object.get("metadata").and_then(Value::as_object);
    pairs.into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests;
