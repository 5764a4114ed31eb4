//! The one error shape clients see: `application/problem+json` (RFC 9457).
//!
//! A handler returns a [`Problem`]; it travels in the response's extensions to the edge of the server, which adds
//! the request's id and logs the cause of what is our fault. Causes never reach the client.

use std::error::Error;
use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// An error ready to be sent to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The answer's status.
    pub status: StatusCode,
    /// Part of the API: never changes. All of them are listed in `docs/api.md`.
    pub code: &'static str,
    /// Written for the caller: what is wrong and what to do.
    pub detail: String,
    /// One entry for each thing that is wrong.
    pub errors: Vec<FieldError>,
    /// Further members of the answer, such as the limit that was reached.
    pub members: Map<String, Value>,
    /// Seconds after which it is worth trying again.
    pub retry_after: Option<u64>,
    /// Why, for our log alone.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, Serialize)]
pub struct FieldError {
    /// Path of the field, such as `items[0].quantity`; empty for the request as a whole.
    pub field: String,
    /// What kind of wrong, such as `invalid` or `INSUFFICIENT_STOCK`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// What else belongs to it, such as `requested` and `available`.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl FieldError {
    /// An entry without further members.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into(), members: Map::new() }
    }

    /// Adds a member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

impl Problem {
    /// An error the client can act on.
    pub fn new(status: StatusCode, code: &'static str, detail: impl ToString) -> Self {
        Self {
            status,
            code,
            detail: detail.to_string(),
            errors: Vec::new(),
            members: Map::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// 422: the request is well-formed, but these fields are not acceptable.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.field.is_empty() => one.message.clone(),
            [one] => format!("{} {}", one.field, one.message),
            many => format!("{} fields are not acceptable; see `errors`", many.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", detail) }
    }

    /// 400: a query parameter or a path segment is not acceptable.
    pub fn invalid_query(field: &str, message: impl Into<String>) -> Self {
        let error = FieldError::new(field, "invalid", message);
        let detail = format!("{} {}", error.field, error.message);
        Self { errors: vec![error], ..Self::new(StatusCode::BAD_REQUEST, "request.invalid_query", detail) }
    }

    /// 401: no credential, or one that proves nothing.
    pub fn unauthenticated() -> Self {
        let detail = "send a valid access token as `Authorization: Bearer ...`";
        Self::new(StatusCode::UNAUTHORIZED, "auth.required", detail)
    }

    /// 404 for what does not exist, and in the same words for what is not the caller's.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 500: our fault; the client learns no more than that.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause: Box<dyn Error + Send + Sync> = cause.into();
        Self {
            cause: Some(Arc::from(cause)),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side")
        }
    }

    /// 503: something we need is away for the moment; nothing was changed, the same request may be sent again.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause: Box<dyn Error + Send + Sync> = cause.into();
        Self {
            cause: Some(Arc::from(cause)),
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "busy for the moment; send the request again")
        }
    }

    /// 503 when the database is away, busy or kept us waiting; 500 for anything else it says.
    pub fn database(cause: sqlx::Error) -> Self {
        if crate::db::is_outage(&cause) { Self::unavailable(cause) } else { Self::internal(cause) }
    }

    /// Adds a member to the answer.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds what is wrong in detail.
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Says after how many seconds to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The body, as sent.
    pub fn body(&self, request_id: Option<&str>) -> Value {
        // First, so that none of them can take the place of what every problem has.
        let mut body = self.members.clone();
        body.insert("type".into(), json!("about:blank"));
        body.insert("title".into(), json!(self.status.canonical_reason().unwrap_or("Error")));
        body.insert("status".into(), json!(self.status.as_u16()));
        body.insert("code".into(), json!(self.code));
        body.insert("detail".into(), json!(self.detail));
        if let Some(id) = request_id {
            body.insert("request_id".into(), json!(id));
        }
        if !self.errors.is_empty() {
            body.insert("errors".into(), json!(self.errors));
        }
        Value::Object(body)
    }

    /// The answer, with the request's id where it is known.
    pub fn response(&self, request_id: Option<&str>) -> Response {
        let mut response = (self.status, self.body(request_id).to_string()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.response(None);
        response.extensions_mut().insert(self);
        response
    }
}
