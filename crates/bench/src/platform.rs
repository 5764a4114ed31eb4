//! The platform that is measured.

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Client;
use serde_json::{Value, json};

/// Which platform.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Address of the platform.
    #[arg(long, default_value = "http://localhost:8080")]
    pub platform: String,
}

/// A way to the platform.
#[derive(Debug, Clone)]
pub struct Platform {
    client: Client,
    address: String,
}

/// A store that was opened for measuring.
#[derive(Debug, Clone)]
pub struct Store {
    /// With its port. Sent as a header, for not every machine finds names below `localhost`.
    pub host: String,
    pub token: String,
    /// Where its data lives.
    pub schema: String,
}

impl Platform {
    pub fn new(target: &Target) -> anyhow::Result<Self> {
        Self::at(&target.platform)
    }

    pub fn at(address: &str) -> anyhow::Result<Self> {
        let client = Client::builder().no_proxy().timeout(std::time::Duration::from_secs(30)).build()?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned() })
    }

    /// Opens a store under a name that nobody else has.
    pub async fn sign_up(&self) -> anyhow::Result<Store> {
        let slug = format!("bench-{}", &uuid::Uuid::new_v4().simple().to_string()[..20]);
        let body = json!({
            "email": format!("{slug}@bench.example"), "password": PASSWORD, "store_name": "Bench", "slug": slug,
            "plan": "scale",
        });
        let answer = self.send(None, "/api/v1/signup", Some(&body)).await?;
        let url = text(&answer, "/tenant/url")?;
        let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned();
        let schema = format!("t_{}", text(&answer, "/tenant/id")?.replace('-', ""));
        Ok(Store { host, token: text(&answer, "/access_token")?, schema })
    }

    /// Sends a request to the platform, or to a store as its owner; anything but success is an error.
    pub async fn send(&self, store: Option<&Store>, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.address);
        let request = match body {
            Some(body) => self.client.post(&url).json(body),
            None => self.client.get(&url),
        };
        let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        let request = match store {
            Some(store) => request.bearer_auth(&store.token).header("host", &store.host),
            None => request,
        };
        let response = request.send().await.with_context(|| format!("{url}: is the platform running?"))?;
        let status = response.status();
        let answer: Value = response.json().await.with_context(|| format!("{url}: {status}"))?;
        if status.is_success() { Ok(answer) } else { bail!("{url}: {status} {answer}") }
    }

    /// Buys a cart for cash.
    pub async fn check_out(&self, store: &Store, cart: &Value) -> anyhow::Result<Value> {
        let body = json!({
            "cart_id": text(cart, "/id")?, "email": "shopper@bench.example", "payment_method": "cod",
            "shipping_address": {
                "recipient_name": "Bench", "phone": "+49 30 1234567", "line1": "Street 1", "city": "Berlin",
                "country": "DE",
            },
        });
        let request = self
            .client
            .post(format!("{}/api/v1/checkouts", self.address))
            .header("host", &store.host)
            .header("cart-token", text(cart, "/token")?)
            .header("idempotency-key", uuid::Uuid::new_v4().to_string())
            .json(&body);
        let response = request.send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if status.is_success() { Ok(answer) } else { bail!("checkout: {status} {answer}") }
    }
}

/// Of every account that is opened for measuring.
pub const PASSWORD: &str = "copper kettle on the stove";

/// A text in an answer.
pub fn text(answer: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer} in {answer}"))
}
