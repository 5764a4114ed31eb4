//! The `Idempotency-Key` header: same key, same answer.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// A client's name for one act: 16 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub String);

/// What was asked under a key; another payload under the same key is refused.
pub type Fingerprint = [u8; 32];

/// Fingerprint of a decoded request to a route.
pub fn fingerprint(route: &str, request: &impl Serialize) -> Result<Fingerprint, Problem> {
    let json = serde_json::to_vec(request).map_err(Problem::internal)?;
    let mut digest = Sha256::new();
    digest.update(route.as_bytes());
    digest.update([0]);
    digest.update(&json);
    Ok(digest.finalize().into())
}

/// An answer as it was first given: status and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, byte for byte.
    pub body: String,
    /// Was it given before? Then the client is told.
    pub replayed: bool,
}

impl Answer {
    /// A first answer.
    pub fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(Problem::internal)?;
        Ok(Self { status: status.as_u16(), body, replayed: false })
    }

    /// A refusal that is an outcome of the act, to be stored and told again like a success. It names the request that
    /// acted; those that are told it again have ids of their own in a header.
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        Self { status: problem.status.as_u16(), body: problem.body(Some(request_id)).to_string(), replayed: false }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
        let mut response = (status, [("content-type", kind)], self.body).into_response();
        if self.replayed {
            response.headers_mut().insert("idempotent-replayed", axum::http::HeaderValue::from_static("true"));
        }
        response
    }
}

/// 409: the key was used for something else.
pub fn reused() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "idempotency.key_reused",
        "this Idempotency-Key was used with another request; use a new key",
    )
}

/// 409: the first request with this key is still running.
pub fn in_progress() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "idempotency.in_progress",
        "the first request with this Idempotency-Key is still running; send it again with the same key",
    )
    .retry_after(1)
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency.key_required",
                "send one Idempotency-Key header: 16 to 255 visible ASCII characters, new for each act, the same for its retries",
            ));
        };
        let key = value.to_str().unwrap_or_default().trim();
        // The header is a structured string in the IETF's draft: its quotes are not part of the key.
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        if (16..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(key.to_owned()))
        } else {
            Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency.key_invalid",
                "the Idempotency-Key must be 16 to 255 visible ASCII characters",
            ))
        }
    }
}

/// For acts that may be sent without a key: none is fine, a wrong one is not.
impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if parts.headers.contains_key("idempotency-key") {
            <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
        } else {
            Ok(None)
        }
    }
}
