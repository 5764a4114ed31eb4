//! The payment provider's side: faults on demand, what it knows, and messages of our own making.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Answer, Bought, Platform, Store, unique};

/// The secret that the provider's messages are signed with in tests.
const SECRET: &str = "whsec_souk_tests_0123456789";

/// The header of a message signed by the provider just now.
pub fn sign(payload: &str) -> String {
    signed_with(SECRET, payload, 0)
}

/// The header of a message signed with a secret, so many seconds from now.
#[expect(clippy::disallowed_methods, reason = "signatures carry the machine's time")]
pub fn signed_with(secret: &str, payload: &str, seconds_from_now: i64) -> String {
    let time = chrono::Utc::now().timestamp() + seconds_from_now;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{payload}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

/// A message about a payment, which a test may spoil before it sends it.
#[derive(Debug, Clone)]
pub struct News(pub Value);

impl News {
    /// That the payment of a purchase is now `status`, by an event of this kind: `payment_intent.{kind}`.
    pub fn of(store: &Store<'_>, bought: &Bought, total_minor: i64, kind: &str, status: &str) -> Self {
        let received = if status == "succeeded" { total_minor } else { 0 };
        let capturable = if status == "requires_capture" { total_minor } else { 0 };
        Self(json!({
            "id": unique("evt"), "object": "event", "type": format!("payment_intent.{kind}"), "created": 1_700_000_000,
            "livemode": false, "api_version": "2025-01-27",
            "data": { "object": {
                "id": bought.intent(), "object": "payment_intent", "status": status, "amount": total_minor,
                "amount_received": received, "amount_capturable": capturable, "currency": "eur", "client_secret": bought.client_secret,
                "livemode": false, "created": 1_700_000_000,
                "metadata": {
                    "souk_tenant": store.id.to_string(), "souk_order": bought.order, "souk_payment": bought.payment,
                },
            } },
        }))
    }

    /// The same message with another value somewhere, by JSON pointer.
    #[track_caller]
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.0.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().insert(name.to_owned(), value.into());
        self
    }

    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Store<'_> {
    /// Delivers a message, signed, to the store's own address.
    pub async fn hear(&self, news: &News) -> Answer {
        let text = news.text();
        self.hear_raw(&text, &sign(&text)).await
    }

    /// Delivers bytes with any signature.
    pub async fn hear_raw(&self, payload: &str, signature: &str) -> Answer {
        let request = self.request(Method::POST, "/webhooks/stripe/payments").header("stripe-signature", signature);
        let request = request.header("content-type", "application/json").body(payload.to_owned());
        Answer::of(request.send().await.unwrap()).await
    }
}

impl Platform {
    /// Delivers a message, signed, to the platform's address.
    pub async fn hear(&self, news: &News) -> Answer {
        let text = news.text();
        let request = self.request(Method::POST, "localhost", "/webhooks/stripe/payments");
        let request = request.header("stripe-signature", sign(&text)).header("content-type", "application/json");
        Answer::of(request.body(text).send().await.unwrap()).await
    }

    /// Makes the provider fail so many times, when it is asked to make a payment intent.
    pub async fn spoil_creation(&self, fault: &str, times: u64) {
        self.spoil(json!({
            "method": "POST", "path_prefix": "/v1/payment_intents", "idempotency_key_prefix": "souk-",
            "fault": fault, "times": times,
        }))
        .await;
    }

    /// Makes the provider fail by a rule.
    pub async fn spoil(&self, rule: Value) {
        let url = format!("{}/sandbox/faults", self.sandbox.url());
        Answer::of(self.client.post(url).json(&rule).send().await.unwrap()).await.expect(200);
    }

    /// The provider works again.
    pub async fn heal(&self) {
        let url = format!("{}/sandbox/faults", self.sandbox.url());
        Answer::of(self.client.delete(url).send().await.unwrap()).await.expect(200);
    }

    /// All payment intents that there are at the provider.
    pub async fn intents(&self) -> Vec<Value> {
        let url = format!("{}/sandbox/ledger", self.sandbox.url());
        let ledger = Answer::of(self.client.get(url).send().await.unwrap()).await.expect(200);
        ledger.body["intents"].as_array().unwrap().clone()
    }

    /// One payment intent, as the provider knows it.
    pub async fn intent(&self, id: &str) -> Value {
        let found = self.intents().await.into_iter().find(|intent| intent["id"] == id);
        found.unwrap_or_else(|| panic!("the provider knows no {id}"))
    }

    /// Works the sandbox's own controls.
    pub async fn at_provider(&self, path: &str) -> Answer {
        let url = format!("{}/sandbox/{path}", self.sandbox.url());
        Answer::of(self.client.post(url).send().await.unwrap()).await
    }

    /// Messages come again, to the platform's address.
    pub fn hearken(&self) {
        let port = self.address.rsplit(':').next().unwrap();
        self.sandbox.set_webhook_url(Some(format!("http://localhost:{port}/webhooks/stripe/payments")));
    }

    /// No more messages from the provider; a test sends its own.
    pub fn deafen(&self) {
        self.sandbox.set_webhook_url(None);
    }
}
