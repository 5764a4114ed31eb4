//! The accept loop: connections have limits, and requests outlive the clients that sent them.
//!
//! `axum::serve` sets no timer, so that a client may dribble its headers for ever; and it drops a handler's future
//! when the client goes away, which can lose writes that were already answered.

mod connection;
mod request;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::config;
use connection::{Activity, GuardedStream};
pub use request::RequestId;

/// Enough for every browser and proxy, and little enough that nobody can fill memory with headers.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 32 * 1024;
const MAX_STREAMS: u32 = 100;
const PING_EVERY: Duration = Duration::from_secs(20);

/// After a failed accept: long enough that file handles may be given back, short enough that nobody notices.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a client may take, and for how long.
#[derive(Debug, Clone)]
pub struct Limits {
    pub connections: usize,
    pub header: Duration,
    pub body: Duration,
    pub request: Duration,
    pub keep_alive: Duration,
    pub shutdown: Duration,
}

impl From<&config::Server> for Limits {
    fn from(server: &config::Server) -> Self {
        Self {
            connections: server.max_connections,
            header: server.header_timeout,
            body: server.body_timeout,
            request: server.request_timeout,
            keep_alive: server.keep_alive,
            shutdown: server.shutdown,
        }
    }
}

/// Serves `app` until `shutdown` is ready, then waits for what is in flight, within the limit.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let door = Door {
        app,
        http: http(),
        requests: TaskTracker::new(),
        connections: GracefulShutdown::new(),
        limits: Arc::new(limits),
    };
    let places = Arc::new(Semaphore::new(door.limits.connections));
    let mut shutdown = pin!(shutdown);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place?,
            () = &mut shutdown => break,
        };
        tokio::select! {
            (stream, peer) = accept(&listener) => {
                let connection = door.open(stream, peer);
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    door.close().await;
    Ok(())
}

struct Door {
    app: Router,
    http: Builder<TokioExecutor>,
    requests: TaskTracker,
    connections: GracefulShutdown,
    limits: Arc<Limits>,
}

impl Door {
    fn open(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        // Answers are small: waiting to fill a packet would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let activity = Arc::new(Activity::default());
        let stream = GuardedStream::new(stream, Arc::clone(&activity), &self.limits);
        let (app, requests, limits) = (self.app.clone(), self.requests.clone(), Arc::clone(&self.limits));
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let running = activity.begin();
            request::answer(app.clone(), requests.clone(), Arc::clone(&limits), peer, running, request)
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = self.connections.watch(connection);
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "connection ended early");
            }
        }
    }

    /// Requests count separately from connections: one whose client left has no connection any more.
    async fn close(self) {
        self.requests.close();
        let drained = async {
            self.connections.shutdown().await;
            self.requests.wait().await;
        };
        if tokio::time::timeout(self.limits.shutdown, drained).await.is_err() {
            tracing::warn!(requests = self.requests.len(), "stopping although requests are still running");
        }
    }
}

fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // The timeouts of headers and of idle connections are GuardedStream's: hyper knows one for both, and none while
    // it reads the first bytes.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES as u32)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY);
    http
}

/// The next connection. What goes wrong with one, or for want of file handles, must not end the loop.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections for the moment");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    [io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset]
        .contains(&error.kind())
}

#[cfg(test)]
mod tests;
