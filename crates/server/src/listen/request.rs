//! One request in a task of its own, so that neither a lost client nor a panic leaves work half done.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use kernel::origin::given_id;
use kernel::problem::Problem;
use tokio::time::{Sleep, sleep, timeout};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use uuid::Uuid;

use super::Limits;
use super::connection::Running;

/// In every request's extensions: the id that its answer and its log lines carry.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Runs the request to its end, whatever becomes of the one who waits here.
pub async fn answer(
    app: Router,
    requests: TaskTracker,
    limits: Arc<Limits>,
    peer: SocketAddr,
    running: Running,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let id = named(&request).unwrap_or_else(|| Uuid::now_v7().to_string());
    let mut request = request.map(|body| Body::new(TimedBody::new(body, limits.body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(RequestId(id.clone()));

    let work = requests.spawn(app.oneshot(request));
    let mut response = match timeout(limits.request, work).await {
        Ok(Ok(Ok(response))) => return Ok(whole(response, running)),
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(broken)) => {
            tracing::error!(request_id = id, error = %broken, "request panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side")
                .response(Some(&id))
        }
        Err(_late) => {
            tracing::warn!(request_id = id, "request takes too long; it goes on without its client");
            let detail = "this takes longer than usual and may still succeed: try again with the same Idempotency-Key";
            Problem { retry_after: Some(1), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "request.timeout", detail) }
                .response(Some(&id))
        }
    };
    crate::edge::protect(&mut response, &id);
    Ok(whole(response, running))
}

/// The id that the caller, or a proxy before us, gave the request.
fn named<B>(request: &hyper::Request<B>) -> Option<String> {
    given_id(request.headers().get("x-request-id")?.to_str().ok()?)
}

fn whole(response: Response, running: Running) -> Response {
    response.map(|body| Body::new(Answering { body, _running: running }))
}

/// A request's body that must have arrived in time.
struct TimedBody {
    body: Incoming,
    patience: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, patience, deadline: None }
    }
}

impl HttpBody for TimedBody {
    type Data = <Incoming as HttpBody>::Data;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|result| result.map_err(Into::into)));
        }
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(patience)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(kernel::http::TooLate.into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body: while there is some left, the connection is not idle.
struct Answering {
    body: Body,
    _running: Running,
}

impl HttpBody for Answering {
    type Data = <Body as HttpBody>::Data;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
