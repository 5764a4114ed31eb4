//! Slow, leaving and panicking requests against a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Limits, serve};

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

fn limits() -> Limits {
    Limits {
        connections: 100,
        header: Duration::from_millis(300),
        body: Duration::from_millis(300),
        request: Duration::from_millis(500),
        keep_alive: Duration::from_millis(900),
        shutdown: Duration::from_secs(5),
    }
}

async fn start(app: Router, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, app, limits, stop.clone().cancelled_owned()));
    Running { address, stop, served }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `text` and reads until the server closes.
    async fn exchange(&self, text: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _reset = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

async fn read_one(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

fn get_request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_client_that_dribbles_its_headers_is_cut_off() {
    let server = start(Router::new().route("/", get(async || "ok")), limits()).await;
    for beginning in ["", "G", "PRI * HT", "GET / HTTP/1.1\r\nhost: x\r\n"] {
        let began = Instant::now();
        let mut stream = server.connect().await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "", "after {beginning:?}");
        assert!(began.elapsed() > Duration::from_millis(250), "{beginning:?} was not waited for");
    }

    let mut stream = server.connect().await;
    let mut cut_off = false;
    for _ in 0..200 {
        sleep(Duration::from_millis(50)).await;
        cut_off = stream.write_all(b"GET").await.is_err();
        if cut_off {
            break;
        }
    }
    assert!(cut_off, "some bytes now and then must not help");
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_a_while_and_then_closed() {
    let server = start(Router::new().route("/", get(async || "ok")), limits()).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(read_one(&mut stream).await.ends_with("\r\n\r\nok"));
        sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(read_to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused() {
    let app = Router::new().route(
        "/",
        post(async |request: axum::extract::Request| match kernel::http::body(request, &()).await {
            Ok(_) => (axum::http::StatusCode::OK, "whole"),
            Err(problem) => (problem.status, problem.code),
        }),
    );
    let server = start(app, limits()).await;
    let answer = server
        .exchange("POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 100\r\n\r\nabc")
        .await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.ends_with("request.too_late"), "{answer}");

    // A chunk that announces more than comes before the next one cannot be what was meant.
    let answer = server
        .exchange(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with("request.incomplete"), "{answer}");
}

#[tokio::test]
async fn a_client_that_leaves_does_not_stop_its_request() {
    let finished = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&finished);
    let app = Router::new().route(
        "/",
        get(async move || {
            sleep(Duration::from_millis(300)).await;
            flag.store(true, Ordering::SeqCst);
            "done"
        }),
    );
    let server = start(app, limits()).await;
    let mut stream = server.connect().await;
    stream.write_all(get_request("/").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    drop(stream);

    server.stop.cancel();
    server.served.await.unwrap().unwrap();
    assert!(finished.load(Ordering::SeqCst), "and a stopping server waits for it");
}

#[tokio::test]
async fn a_stopping_server_finishes_what_is_in_flight() {
    let app = Router::new().route(
        "/",
        get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
            sleep(Duration::from_millis(300)).await;
            peer.ip().to_string()
        }),
    );
    let server = start(app, limits()).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /none HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(read_one(&mut idle).await.starts_with("HTTP/1.1 404"));
    let mut stream = server.connect().await;
    stream.write_all(get_request("/").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    server.stop.cancel();
    assert!(read_to_end(&mut stream).await.ends_with("127.0.0.1"));
    assert_eq!(read_to_end(&mut idle).await, "", "idle connections do not hold it up");
    server.served.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stopping_server_does_not_wait_for_ever() {
    let app = Router::new().route("/", get(async || sleep(Duration::from_secs(60)).await));
    let limits = Limits { shutdown: Duration::from_millis(300), ..limits() };
    let server = start(app, limits).await;
    let mut stream = server.connect().await;
    stream.write_all(get_request("/").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    server.stop.cancel();
    tokio::time::timeout(Duration::from_secs(2), server.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_is_a_500_that_shows_nothing() {
    let server =
        start(Router::new().route("/", get(async || -> &'static str { panic!("on purpose") })), limits()).await;
    let answer = server.exchange(&get_request("/")).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("\"code\":\"internal\""), "{answer}");
    assert!(answer.contains("request_id") && !answer.contains("purpose"), "{answer}");
}

#[tokio::test]
async fn a_slow_request_is_answered_and_still_finishes() {
    let finished = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&finished);
    let app = Router::new().route(
        "/",
        get(async move || {
            sleep(Duration::from_millis(800)).await;
            count.fetch_add(1, Ordering::SeqCst);
        }),
    );
    let server = start(app, limits()).await;
    let answer = server.exchange(&get_request("/")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("request.timeout"), "{answer}");
    assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    sleep(Duration::from_millis(500)).await;
    assert_eq!(finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let server = start(Router::new().route("/", get(async || "ok")), Limits { connections: 1, ..limits() }).await;
    let first = server.connect().await;
    let request = get_request("/");
    let waiting = tokio::time::timeout(Duration::from_secs(2), server.exchange(&request));
    let answer = waiting.await.unwrap();
    assert!(answer.ends_with("ok"), "the silent first one was cut off: {answer}");
    drop(first);
}

#[tokio::test]
async fn a_bomb_of_headers_is_refused() {
    let server = start(Router::new().route("/", get(async || "ok")), limits()).await;
    let many = (0..70).fold(String::new(), |all, n| format!("{all}x-{n}: 1\r\n"));
    let answer = server.exchange(&format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "a".repeat(40 * 1024);
    let answer = server.exchange(&format!("GET / HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}
