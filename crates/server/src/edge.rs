//! The edge of the server: what happens to every request before and after its handler.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use kernel::origin::{Actor, Origin, given_id};
use kernel::problem::Problem;
use tracing::Instrument;
use uuid::Uuid;

use crate::listen::RequestId;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// What is kept of a client's name for itself.
const USER_AGENT_BYTES: usize = 256;

/// Gives the request its origin, and the answer its id, its security headers and, if it is a problem, its last form.
pub async fn edge(State(proxies): State<Arc<[IpNet]>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let origin = origin(&request, &proxies);
    let (id, correlation) = (origin.request_id.clone(), origin.correlation_id.clone());
    let line =
        (request.method().clone(), request.uri().path().to_owned(), request.headers().get(header::HOST).cloned());
    request.extensions_mut().insert(origin);
    let span = tracing::info_span!("request", request_id = id, correlation_id = correlation);
    let response = next.run(request).instrument(span).await;
    let mut response = finish(response, &id);
    protect(&mut response, &id);
    if let Ok(correlation) = HeaderValue::from_str(&correlation) {
        response.headers_mut().insert(CORRELATION_ID, correlation);
    }
    let (method, path, host) = line;
    tracing::info!(
        request_id = id,
        correlation_id = correlation,
        host = host.as_ref().and_then(|host| host.to_str().ok()),
        status = response.status().as_u16(),
        ms = started.elapsed().as_millis(),
        "{method} {path}"
    );
    response
}

fn origin(request: &Request, proxies: &[IpNet]) -> Origin {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let correlation = request.headers().get(&CORRELATION_ID).and_then(|id| id.to_str().ok()).and_then(given_id);
    let origin = Origin::of_request(Actor::Shopper, id.unwrap_or_else(|| Uuid::now_v7().to_string()));
    Origin {
        ip: peer.map(|peer| visitor(peer, request.headers(), proxies)),
        user_agent: agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_BYTES).collect()),
        ..origin.correlated(correlation)
    }
}

/// Who a request comes from: the peer, or if that is a proxy of ours, the nearest address in its list that is not.
/// Whatever stands before that address, anybody may have written.
fn visitor(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let ours = |address: &IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    if !ours(&peer) {
        return peer;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().rev().map(|line| line.to_str().unwrap_or_default());
    let mut nearest = peer;
    for address in lines.flat_map(|line| line.rsplit(',')).map(|address| address.trim().parse()) {
        match address {
            Ok(address) if ours(&address) => nearest = address,
            Ok(address) => return address,
            Err(_) => return nearest,
        }
    }
    nearest
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
    // What was said beside the body, such as the methods that are allowed, stays said.
    let mut last = problem.response(Some(id));
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH {
            last.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    last
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

/// What every answer carries.
pub fn protect(response: &mut Response, id: &str) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[&str]) -> String {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].iter().map(|net| net.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        visitor(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_our_own_proxies_tell_who_a_visitor_is() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("fd00::1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }
}
