//! The edge of the server: what happens to every request before and after its handler.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use kernel::origin::{Actor, Origin};
use kernel::problem::Problem;
use uuid::Uuid;

use crate::listen::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What is kept of a client's name for itself.
const USER_AGENT_BYTES: usize = 256;

/// Gives the request its origin, and the answer its id, its security headers and, if it is a problem, its last form.
pub async fn edge(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let origin = origin(&request);
    let id = origin.request_id.clone();
    let line =
        (request.method().clone(), request.uri().path().to_owned(), request.headers().get(header::HOST).cloned());
    request.extensions_mut().insert(origin);
    let response = next.run(request).await;
    let mut response = finish(response, &id);
    protect(&mut response, &id);
    let (method, path, host) = line;
    tracing::info!(
        request_id = id,
        host = host.as_ref().and_then(|host| host.to_str().ok()),
        status = response.status().as_u16(),
        ms = started.elapsed().as_millis(),
        "{method} {path}"
    );
    response
}

fn origin(request: &Request) -> Origin {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Origin {
        actor: Actor::Shopper,
        request_id: id.unwrap_or_else(|| Uuid::now_v7().to_string()),
        ip: peer,
        user_agent: agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_BYTES).collect()),
    }
}

/// A problem learns its request's id here, and here alone its cause is logged.
fn finish(mut response: Response, id: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if let Some(cause) = &problem.cause {
        let cause = chain(&**cause);
        if problem.status.is_server_error() && problem.status != StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(request_id = id, code = problem.code, cause, "request failed");
        } else {
            tracing::warn!(request_id = id, code = problem.code, cause, "request could not be served now");
        }
    }
    problem.response(Some(id))
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

fn protect(response: &mut Response, id: &str) {
    let unauthenticated = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    // Browsers heed it on encrypted connections only.
    set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
}
