//! One HTTP exchange with Stripe, told apart by what may have happened on the other side.

use std::error::Error as _;
use std::fmt::{self, Display};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use stripe_client_core::{CustomizedStripeRequest, StripeClient, StripeClientErr, StripeMethod};

use crate::{SettingsError, StripeSettings};

const STRIPE: &str = "https://api.stripe.com";
const CONNECT: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(50);
const LARGEST_ANSWER: usize = 8 << 20;

const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const STRIPE_ACCOUNT: HeaderName = HeaderName::from_static("stripe-account");
const STRIPE_SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(crate) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
    timeout: Duration,
}

/// Why one exchange gave no object.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Not a byte of the request left.
    NotSent(String),
    /// It left, and what came back, if anything, says nothing definite.
    Lost(String),
    /// Stripe's own error.
    Refused(Refusal),
}

/// Stripe's error object and the headers that go with it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) code: Option<String>,
    pub(crate) decline_code: Option<String>,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) should_retry: Option<bool>,
    /// Is it what an earlier request with this key was told?
    pub(crate) replayed: bool,
}

impl StripeClientErr for Failure {
    fn deserialize_err(msg: impl Display) -> Self {
        Self::Lost(format!("unreadable answer: {msg}"))
    }
}

impl Transport {
    pub(crate) fn new(settings: &StripeSettings) -> Result<Self, SettingsError> {
        if settings.secret_key.trim().is_empty() {
            return Err(SettingsError::Key);
        }
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", settings.secret_key)).map_err(|_| SettingsError::Key)?;
        authorization.set_sensitive(true);

        let base = settings.api_base.as_deref().unwrap_or(STRIPE).trim_end_matches('/').to_owned();
        let usable = base.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some() && uri.path() == "/"
        });
        if !usable {
            return Err(SettingsError::Base(base));
        }

        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(connector);
        // Idle connections go before the usual 60 s at which a far end hangs up on them.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(64)
            .build(connector);
        Ok(Self { client, base, authorization, timeout: settings.timeout })
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    fn request(&self, wanted: CustomizedStripeRequest) -> Result<(Request<Full<Bytes>>, Duration), Failure> {
        let (wanted, overrides) = wanted.into_pieces();
        let query = wanted.query.map(|query| format!("?{query}")).unwrap_or_default();
        let method = match wanted.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}/v1{}{query}", self.base, wanted.path))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, concat!("souk/", env!("CARGO_PKG_VERSION")))
            .header(STRIPE_VERSION, stripe_shared::version::VERSION.as_str());
        if let Some(account) = overrides.account_id {
            builder = builder.header(STRIPE_ACCOUNT, account.as_str());
        }
        if let Some(key) = overrides.request_strategy.and_then(|strategy| strategy.get_key()) {
            builder = builder.header(IDEMPOTENCY_KEY, key.as_str());
        }
        let body = match wanted.body {
            Some(form) => {
                builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                Bytes::from(form)
            }
            None => Bytes::new(),
        };
        let request = builder.body(Full::new(body)).map_err(|error| Failure::NotSent(error.to_string()))?;
        Ok((request, overrides.timeout.unwrap_or(self.timeout)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Failure> {
        let response = self.client.request(request).await.map_err(|error| {
            let why = root_cause(&error);
            if error.is_connect() { Failure::NotSent(why) } else { Failure::Lost(why) }
        })?;
        let (head, body) = response.into_parts();
        let bytes = Limited::new(body, LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| Failure::Lost(format!("the answer broke off: {error}")))?
            .to_bytes();
        if head.status.is_success() { Ok(bytes) } else { Err(refusal(head.status, &head.headers, &bytes)) }
    }
}

impl StripeClient for Transport {
    type Err = Failure;

    async fn execute(&self, wanted: CustomizedStripeRequest) -> Result<Bytes, Failure> {
        let (request, timeout) = self.request(wanted)?;
        tokio::time::timeout(timeout, self.exchange(request))
            .await
            .unwrap_or_else(|_| Err(Failure::Lost(format!("no answer within {timeout:?}"))))
    }
}

/// A status without Stripe's error object was written by something in between: it proves nothing about Stripe.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let Some(error) = parsed.as_ref().and_then(|value| value.get("error")).filter(|error| error.is_object()) else {
        return Failure::Lost(format!("status {} without an error object", status.as_u16()));
    };
    let text = |field: &str| error.get(field).and_then(serde_json::Value::as_str).map(str::to_owned);
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    Failure::Refused(Refusal {
        status: status.as_u16(),
        kind: text("type").unwrap_or_default(),
        code: text("code"),
        decline_code: text("decline_code"),
        message: text("message").unwrap_or_default(),
        retry_after: header(RETRY_AFTER).and_then(|value| value.parse().ok()).map(Duration::from_secs),
        should_retry: header(STRIPE_SHOULD_RETRY).and_then(|value| value.parse().ok()),
        replayed: header(IDEMPOTENT_REPLAYED) == Some("true"),
    })
}

fn root_cause(error: &hyper_util::client::legacy::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match error.source() {
        Some(_) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} ({})", self.status, self.code.as_deref().unwrap_or(&self.kind))
    }
}
