//! Errors in Stripe's shape.

use serde_json::{Value, json};

use crate::intents::Intent;
use crate::table::Row as _;

/// The attempt to pay that an error is about.
#[derive(Debug, Clone)]
pub struct FailedAttempt {
    pub decline_code: Option<String>,
    pub charge: Option<String>,
    pub payment_method: Value,
}

/// An error answer.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: u16,
    pub kind: &'static str,
    pub code: Option<String>,
    pub message: String,
    pub param: Option<String>,
    pub payment_intent: Option<Box<Intent>>,
    pub attempt: Option<Box<FailedAttempt>>,
    /// Whether the request had begun to execute: only then is the answer kept under its idempotency key.
    pub executed: bool,
}

impl ApiError {
    pub fn new(status: u16, kind: &'static str, code: Option<&str>, message: &str) -> Self {
        Self {
            status,
            kind,
            code: code.map(str::to_owned),
            message: message.to_owned(),
            param: None,
            payment_intent: None,
            attempt: None,
            executed: false,
        }
    }

    /// Input that fails validation.
    pub fn invalid(message: &str, param: Option<&str>, code: Option<&str>) -> Self {
        Self { param: param.map(str::to_owned), ..Self::new(400, "invalid_request_error", code, message) }
    }

    pub fn missing_param(param: &str) -> Self {
        Self::invalid(&format!("Missing required param: {param}."), Some(param), Some("parameter_missing"))
    }

    pub fn not_found(what: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {what}: '{id}'");
        let param = Some(param.to_owned());
        Self { param, ..Self::new(404, "invalid_request_error", Some("resource_missing"), &message) }
    }

    /// A move the intent's status does not allow.
    pub fn unexpected_state(intent: &Intent, message: &str) -> Self {
        let code = Some("payment_intent_unexpected_state");
        Self {
            payment_intent: Some(Box::new(intent.clone())),
            executed: true,
            ..Self::new(400, "invalid_request_error", code, message)
        }
    }

    pub fn unauthorized(message: &str) -> Self {
        Self::new(401, "invalid_request_error", None, message)
    }

    pub fn internal() -> Self {
        let message = "An unknown error occurred";
        Self { executed: true, ..Self::new(500, "api_error", None, message) }
    }

    pub fn render(&self, request_id: &str) -> Value {
        let mut error = json!({
            "type": self.kind,
            "message": self.message,
            "request_log_url": format!("https://dashboard.stripe.com/test/logs/{request_id}"),
        });
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                error[name] = value;
            }
        };
        put("code", self.code.clone().map(Value::from));
        put("doc_url", self.code.as_ref().map(|code| json!(format!("https://stripe.com/docs/error-codes/{code}"))));
        put("param", self.param.clone().map(Value::from));
        put("payment_intent", self.payment_intent.as_ref().map(|intent| intent.render()));
        if let Some(attempt) = &self.attempt {
            put("decline_code", attempt.decline_code.clone().map(Value::from));
            put("charge", attempt.charge.clone().map(Value::from));
            put("payment_method", Some(attempt.payment_method.clone()));
        }
        json!({ "error": error })
    }
}
