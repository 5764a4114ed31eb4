//! A merchant and what they pay for, by a clock that a test moves: ours and the provider's together.

use std::sync::Mutex;

use chrono::{DateTime, Duration, Utc};
use kernel::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::provider::sign;
use crate::{Answer, Platform, Store, key, settings};

/// A platform whose new customers live by a clock of the test's.
pub struct Books {
    pub platform: Platform,
    clock: String,
}

impl Books {
    pub async fn open() -> Self {
        let platform = Platform::start_with(settings()).await;
        let url = format!("{}/webhooks/stripe/billing", platform.address.replace("127.0.0.1", "localhost"));
        send_to(&platform, &url).await;
        let now = platform.clock.now().timestamp().to_string();
        let clock = stripe(&platform, Method::POST, "/v1/test_helpers/test_clocks", &[("frozen_time", &now)]).await;
        let clock = clock["id"].as_str().unwrap().to_owned();
        let url = format!("{}/sandbox/billing/settings", platform.sandbox.url());
        let now_by = platform.client.post(url).json(&json!({ "test_clock": clock }));
        Answer::of(now_by.send().await.unwrap()).await.expect(200);
        landlord::plans::sync(&platform.souk.landlord).await.unwrap();
        Self { platform, clock }
    }

    /// A platform that has no dealings with the provider.
    pub async fn plain() -> Self {
        Self { platform: Platform::start().await, clock: String::new() }
    }

    /// Has the provider send its messages about billing somewhere else.
    pub async fn send_to(&self, url: &str) {
        send_to(&self.platform, url).await;
    }

    /// Lets days pass, for us and for the provider, which does all that is due in them. Then its messages are delivered
    /// and the worker has done its part.
    pub async fn pass(&self, days: i64) {
        self.pass_by(Duration::days(days)).await;
    }

    pub async fn pass_by(&self, by: Duration) {
        self.platform.clock.advance(by);
        let now = self.platform.clock.now();
        // Messages are signed when they are sent, by the clock of those who read them.
        let ahead = (now - Clock::System.now()).num_seconds();
        let control = format!("{}/sandbox/signed_ahead", self.platform.sandbox.url());
        let told = self.platform.client.post(control).json(&json!({ "seconds": ahead })).send().await.unwrap();
        Answer::of(told).await.expect(200);
        let now = now.timestamp().to_string();
        let path = format!("/v1/test_helpers/test_clocks/{}", self.clock);
        stripe(&self.platform, Method::POST, &format!("{path}/advance"), &[("frozen_time", &now)]).await;
        for _ in 0..500 {
            if stripe(&self.platform, Method::GET, &path, &[]).await["status"] == "ready" {
                self.settle().await;
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the provider's clock does not get there");
    }

    /// Until all messages of the provider's are delivered, and what follows from them is done.
    pub async fn settle(&self) {
        self.delivered().await;
        self.work().await;
        self.delivered().await;
    }

    pub async fn work(&self) {
        self.platform.worker().billing().await.unwrap();
    }

    async fn delivered(&self) {
        let url = format!("{}/sandbox/deliveries", self.platform.sandbox.url());
        for _ in 0..1000 {
            let left: Value = self.platform.client.get(&url).send().await.unwrap().json().await.unwrap();
            if left["undelivered"] == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the provider's messages are not delivered");
    }

    pub async fn stripe(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Value {
        stripe(&self.platform, method, path, form).await
    }

    /// Delivers bytes to the platform's address for billing, with any signature.
    pub async fn hear_raw(&self, payload: &[u8], signature: &str) -> Answer {
        let request = self.platform.request(Method::POST, "localhost", "/webhooks/stripe/billing");
        let request = request.header("stripe-signature", signature).header("content-type", "application/json");
        Answer::of(request.body(payload.to_owned()).send().await.unwrap()).await
    }

    pub async fn hear(&self, event: &Value) -> Answer {
        let text = event.to_string();
        self.hear_raw(text.as_bytes(), &sign(&text)).await
    }
}

async fn send_to(platform: &Platform, url: &str) {
    let control = format!("{}/sandbox/billing_webhook", platform.sandbox.url());
    let target = json!({ "url": url, "secret": "whsec_souk_tests_0123456789" });
    Answer::of(platform.client.post(control).json(&target).send().await.unwrap()).await.expect(200);
}

/// Asks the provider as its client would.
async fn stripe(platform: &Platform, method: Method, path: &str, form: &[(&str, &str)]) -> Value {
    // Names and numbers, which need no escapes.
    let sent: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (query, body) = match method {
        Method::GET if !sent.is_empty() => (format!("?{}", sent.join("&")), String::new()),
        _ => (String::new(), sent.join("&")),
    };
    let request = platform.client.request(method, format!("{}{path}{query}", platform.sandbox.url()));
    let request = request.bearer_auth("sk_test_souk_tests_0123456789");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    let response = request.send().await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {body}");
    body
}

/// A merchant at their billing.
pub struct Merchant<'a> {
    pub books: &'a Books,
    pub store: Store<'a>,
    token: Mutex<Option<(DateTime<Utc>, String)>>,
}

impl<'a> Merchant<'a> {
    pub async fn on(books: &'a Books, plan: &str) -> Self {
        Self { books, store: books.platform.open_store_on(plan).await, token: Mutex::default() }
    }

    /// A token that is fresh, however much time has passed.
    pub async fn token(&self) -> String {
        let now = self.books.platform.clock.now();
        let known = self.token.lock().unwrap().clone();
        if let Some((_, token)) = known.filter(|(since, _)| now - *since < Duration::minutes(5)) {
            return token;
        }
        let token = self.log_in().await;
        *self.token.lock().unwrap() = Some((now, token.clone()));
        token
    }

    async fn log_in(&self) -> String {
        let login = json!({ "email": self.store.email, "password": "correct horse battery" });
        self.books.platform.post("/api/v1/auth/login", &login).await.expect(200).str("/access_token")
    }

    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.ask_under(&key(), method, path, body).await
    }

    pub async fn ask_under(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/api/v1/tenants/{}/billing{path}", self.store.id);
        let request = self.books.platform.request(method, "localhost", &path);
        let request = request.bearer_auth(self.token().await).header("idempotency-key", key);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// How the billing stands.
    pub async fn billing(&self) -> Answer {
        self.ask(Method::GET, "", None).await.expect(200)
    }

    /// Pays on the provider's page with a test card.
    pub async fn complete(&self, session: &str, card: &str) -> Answer {
        let url = format!("{}/sandbox/checkout_sessions/{session}/complete", self.books.platform.sandbox.url());
        let done = self.books.platform.client.post(url).json(&json!({ "card": card })).send().await.unwrap();
        let done = Answer::of(done).await;
        self.books.settle().await;
        done
    }

    /// Subscribes, from the page's address to the provider's message.
    pub async fn subscribe(&self, plan: &str) {
        let page = self.post("/checkout", json!({ "plan": plan })).await.expect(201);
        self.complete(&page.str("/session_id"), "pm_card_visa").await.expect(200);
    }

    /// `(status, plan, stage)`: null where there is none.
    pub async fn stands(&self) -> (String, String, Option<String>) {
        let billing = self.billing().await;
        let stage = billing.body.pointer("/dunning/stage").and_then(Value::as_str).map(str::to_owned);
        (billing.str("/status"), billing.str("/plan"), stage)
    }

    /// Its id at the provider, and its subscription's.
    pub async fn names(&self) -> (String, String) {
        let query = "select c.stripe_customer, coalesce(s.stripe_subscription, '') from landlord.billing_customers c
                     join landlord.subscriptions s on s.tenant_id = c.tenant_id where c.tenant_id = $1";
        sqlx::query_as(query).bind(self.store.id.0).fetch_one(&self.books.platform.database).await.unwrap()
    }

    /// Has the subscription paid by another card from now on.
    pub async fn pay_by(&self, card: &str) {
        let (customer, subscription) = self.names().await;
        let path = format!("/v1/payment_methods/{card}/attach");
        let method = self.books.stripe(Method::POST, &path, &[("customer", &customer)]).await;
        let form = [("default_payment_method", method["id"].as_str().unwrap())];
        self.books.stripe(Method::POST, &format!("/v1/subscriptions/{subscription}"), &form).await;
        self.books.settle().await;
    }

    /// Pays an invoice on its own page.
    pub async fn pay(&self, hosted_url: &str, card: &str) {
        let paid = self.books.platform.client.post(hosted_url).body(format!("card={card}")).send().await.unwrap();
        Answer::of(paid).await.expect(200);
        self.books.settle().await;
    }

    /// The kinds of letters about billing that were asked for and not seen yet, in their order.
    pub async fn mails(&self) -> Vec<String> {
        let query = "update landlord.mails set tenant_id = null where tenant_id = $1 and kind like 'billing.%'
                     returning kind, data, id";
        let mut mails: Vec<(String, Value, uuid::Uuid)> =
            sqlx::query_as(query).bind(self.store.id.0).fetch_all(&self.books.platform.database).await.unwrap();
        mails.sort_by_key(|mail| mail.2);
        let name = |(kind, data, _): (String, Value, uuid::Uuid)| match data["action"].as_str() {
            Some(action) => format!("behind:{action}"),
            None => kind.trim_start_matches("billing.").to_owned(),
        };
        mails.into_iter().map(name).collect()
    }

    pub fn time(answer: &Answer, pointer: &str) -> DateTime<Utc> {
        answer.str(pointer).parse().unwrap()
    }
}
