//! A sandbox with its own ledger, a webhook receiver, and the clients that talk to them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use stripe_gateway::{Capture, CreateIntent, StripeGateway, StripeSettings};
use stripe_sandbox::{Sandbox, SandboxSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub const KEY: &str = "sk_test_sandbox";
pub const PUBLISHABLE: &str = "pk_test_sandbox";
pub const WEBHOOK_SECRET: &str = "whsec_test";

/// A running sandbox and the folder of its ledger, removed at the end.
pub struct Rig {
    sandbox: Option<Sandbox>,
    folder: PathBuf,
    webhook_url: Option<String>,
    pub http: reqwest::Client,
}

impl Rig {
    pub async fn start() -> Self {
        Self::with_webhooks(None).await
    }

    pub async fn with_webhooks(webhook_url: Option<String>) -> Self {
        let folder = std::env::temp_dir().join(format!("sandbox-{}", unique()));
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let sandbox = Some(Sandbox::start(settings(&folder, &webhook_url)).await.unwrap());
        Self { sandbox, folder, webhook_url, http }
    }

    pub async fn restart(&mut self) {
        self.sandbox.take().unwrap().shutdown().await;
        let until = Instant::now() + Duration::from_secs(5);
        self.sandbox = loop {
            match Sandbox::start(settings(&self.folder, &self.webhook_url)).await {
                Ok(sandbox) => break Some(sandbox),
                Err(error) => assert!(Instant::now() < until, "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.as_ref().unwrap().url())
    }

    pub fn gateway(&self) -> StripeGateway {
        self.gateway_with(Duration::from_secs(2), 3)
    }

    pub fn gateway_with(&self, timeout: Duration, attempts: u32) -> StripeGateway {
        let api_base = Some(self.url(""));
        StripeGateway::new(&StripeSettings { api_base, timeout, attempts, ..StripeSettings::new(KEY) }).unwrap()
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.post(self.url(path)).bearer_auth(KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"));
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).bearer_auth(KEY).send().await.unwrap().json().await.unwrap()
    }

    /// What really happened.
    pub async fn truth(&self) -> Value {
        self.get("/sandbox/ledger").await
    }

    pub async fn fault(&self, rule: Value) {
        let answer = self.http.post(self.url("/sandbox/faults")).json(&rule).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // A ledger left behind in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn settings(folder: &std::path::Path, webhook_url: &Option<String>) -> SandboxSettings {
    SandboxSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        ledger: folder.join("ledger.jsonl"),
        secret_key: KEY.to_owned(),
        publishable_key: PUBLISHABLE.to_owned(),
        webhook_url: webhook_url.clone(),
        webhook_secret: WEBHOOK_SECRET.to_owned(),
    }
}

/// A word no other test uses.
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn an_intent(key: &str) -> CreateIntent {
    CreateIntent {
        idempotency_key: key.to_owned(),
        amount_minor: 1999,
        currency: "EUR".to_owned(),
        capture: Capture::Automatic,
        account: None,
        application_fee_minor: None,
        metadata: vec![("order".to_owned(), key.to_owned())],
        description: Some("two chairs & a table".to_owned()),
        receipt_email: Some("a@example.com".to_owned()),
    }
}

/// One delivery as it came over the wire.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub signature: String,
    pub body: Vec<u8>,
}

impl Delivery {
    pub fn event(&self) -> stripe_gateway::webhook::Event {
        let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        stripe_gateway::webhook::verify(&self.body, &self.signature, &[WEBHOOK_SECRET.to_owned()], now).unwrap()
    }
}

/// Takes webhooks and answers with whatever status is set.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Delivery>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = Self { url, got: Arc::default(), status: Arc::new(Mutex::new(200)) };
        let shared = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(shared.clone().serve(stream));
            }
        });
        receiver
    }

    pub fn answer_with(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    pub fn kinds(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(|delivery| delivery.event().kind).collect()
    }

    /// All deliveries once there are at least `count`.
    pub async fn wait(&self, count: usize) -> Vec<Delivery> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let got = self.got.lock().unwrap().clone();
            if got.len() >= count {
                return got;
            }
            assert!(Instant::now() < until, "{count} deliveries expected, {} came", got.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            while let Some((delivery, length)) = parse(&bytes) {
                bytes.drain(..length);
                let status = *self.status.lock().unwrap();
                if status == 200 {
                    self.got.lock().unwrap().push(delivery);
                }
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            match stream.read(&mut chunk).await {
                Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
                Ok(0) | Err(_) => return,
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Option<(Delivery, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let field = |wanted: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned()).next()
    };
    let length: usize = field("content-length")?.parse().unwrap();
    let body = bytes.get(end..end + length)?.to_vec();
    Some((Delivery { signature: field("stripe-signature").unwrap_or_default(), body }, end + length))
}
