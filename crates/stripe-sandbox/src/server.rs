//! The HTTP server. It can do what frameworks will not: hang up without an answer.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::world::World;
use crate::{accounts, api, control, pages, portal, sessions};

const LARGEST_BODY: usize = 1 << 20;

/// The connection is closed without an answer.
#[derive(Debug)]
pub struct HungUp;

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hung up on purpose")
    }
}

impl std::error::Error for HungUp {}

pub type Answered = Result<Reply, HungUp>;

/// An answer on its way out.
#[derive(Debug)]
pub struct Reply(Response<Full<Bytes>>);

impl Reply {
    pub fn json(status: u16, body: String) -> Self {
        Self::of(status, "application/json", body)
    }

    pub fn page(status: u16, body: String) -> Self {
        Self::of(status, "text/html; charset=utf-8", body)
    }

    pub fn of(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
        Self(response)
    }

    /// Adds a header; a value no header can hold is left out.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.headers().contains_key(name)
    }
}

/// Serves until the task is dropped.
pub async fn run(listener: TcpListener, world: Arc<World>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let world = Arc::clone(&world);
        connections.spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&world), request));
            // Errors are clients that went away, or faults that hang up.
            let _ =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(world: Arc<World>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, HungUp> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await.map(http_body_util::Collected::to_bytes) else {
        return Ok(Reply::of(413, "text/plain", "the body is too large".to_owned()).0);
    };
    // In a task of its own, so that a client that goes away does not stop what it asked for.
    let answered = tokio::spawn(async move {
        if head.method == Method::OPTIONS {
            return Ok(Reply::of(204, "text/plain", String::new()));
        }
        if head.uri.path().starts_with("/v1/") {
            api::answer(world, head, body).await
        } else if head.uri.path().starts_with("/sandbox/authenticate/") {
            Ok(pages::authenticate(&world, &head, &body).await)
        } else if head.uri.path().starts_with("/c/pay/") {
            Ok(sessions::page(&world, &head, &body).await)
        } else if head.uri.path().starts_with("/i/") {
            Ok(pages::invoice(&world, &head, &body).await)
        } else if head.uri.path().starts_with("/p/session/") {
            Ok(portal::page(&world, &head, &body).await)
        } else if head.uri.path().starts_with("/connect/onboard/") {
            Ok(accounts::page(&world, &head, &body).await)
        } else if head.uri.path().starts_with("/sandbox/") {
            Ok(control::answer(&world, &head, &body).await)
        } else {
            Ok(pages::front(&world, &head))
        }
    })
    .await;
    let reply = answered.unwrap_or_else(|_| Ok(Reply::json(500, "{}".to_owned())))?;
    // A storefront's page on another origin talks to this server as it would to Stripe.
    Ok(reply
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", "GET, POST, DELETE")
        .with(
            "access-control-allow-headers",
            "authorization, content-type, idempotency-key, stripe-account, stripe-version",
        )
        .with("access-control-max-age", "600")
        .0)
}
