//! `kill -9` at any moment: what was acknowledged stands, what was not happened once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use rand::RngExt;
use serde_json::Value;
use server::config::Environment;
use souk_tests::{Answer, Bought, Cart, Platform, Store, assert_consistent, card, key, unique};
use sqlx::Row;

use crate::support::{own_database, random};

const KILLS: usize = 20;
const SHOPPERS: usize = 8;

/// The server as a process of its own.
struct Server {
    process: Child,
    environment: Environment,
    address: SocketAddr,
    api_base: String,
    log: PathBuf,
}

impl Server {
    fn new(environment: Environment, api_base: String) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::env::temp_dir().join(unique("souk-crashes")).with_extension("log");
        let process = Self::spawn(&environment, address, &api_base, &log);
        Self { process, environment, address, api_base, log }
    }

    fn spawn(environment: &Environment, address: SocketAddr, api_base: &str, log: &PathBuf) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut command = souk_tests::program(environment);
        command.args(["serve", "--work"]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command.env("SOUK__SERVER__LISTEN", address.to_string()).env("SOUK__STRIPE__API_BASE", api_base);
        command.spawn().unwrap()
    }

    /// `kill -9`, and a new one in its place.
    fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = Self::spawn(&self.environment, self.address, &self.api_base, &self.log);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn until_ready(platform: &Platform) {
    for _ in 0..500 {
        let request = platform.request(reqwest::Method::GET, "localhost", "/health/ready");
        if request.send().await.is_ok_and(|response| response.status() == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server does not come back");
}

/// What one shopper did and was told.
#[derive(Debug, Clone)]
struct Purchase {
    cart: Cart,
    key: String,
    answer: String,
    bought: Bought,
}

/// Sends a request until it is answered one way or the other, as a careful client does.
async fn insist(what: &str, mut request: impl FnMut() -> reqwest::RequestBuilder) -> Answer {
    for _ in 0..1500 {
        if let Ok(response) = request().send().await {
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            // The answer may break off in the middle, too.
            if let Ok(text) = response.text().await {
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                let answer = Answer { status, headers, text, body };
                if answer.status != 503 && answer.code() != "idempotency.in_progress" {
                    return answer;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} is never answered");
}

struct Shop {
    client: reqwest::Client,
    host: String,
    address: String,
    sandbox: String,
    variant: String,
}

impl Shop {
    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.address)).header("host", &self.host)
    }

    async fn buy(&self) -> Purchase {
        let items = serde_json::json!({ "items": [{ "variant_id": self.variant, "quantity": 1 }] });
        let cart = insist("a cart", || self.post("/api/v1/carts").json(&items)).await.expect(201);
        let cart = Cart { id: cart.str("/id"), token: cart.str("/token") };
        let (key, body) = (key(), card(&cart));
        let request = || {
            self.post("/api/v1/checkouts").header("cart-token", &cart.token).header("idempotency-key", &key).json(&body)
        };
        let answer = insist("a checkout", request).await.expect(201);
        let bought = Store::bought(cart.clone(), &answer);
        let secret = bought.client_secret.clone().unwrap();
        let confirm = || {
            let url = format!("{}/v1/payment_intents/{}/confirm", self.sandbox, bought.intent());
            let form = format!(
                "key=pk_test_souk_tests_0123456789&client_secret={secret}&payment_method=pm_card_visa&return_url=https%3A%2F%2Fexample.com"
            );
            self.client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form)
        };
        insist("a payment", confirm).await.expect(200);
        Purchase { cart, key, answer: answer.text, bought }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_under_load_lose_nothing_and_double_nothing() {
    let mut random = random();
    // The worker of the server under test works for all stores that it finds.
    let (mut environment, database) = own_database().await;
    environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "5");
    let mut platform = Platform::start_with(environment.clone()).await;
    platform.database = database;
    let mut server = Server::new(environment, platform.sandbox.url().to_owned());
    platform.address = format!("http://{}", server.address);
    platform
        .sandbox
        .set_webhook_url(Some(format!("http://localhost:{}/webhooks/stripe/payments", server.address.port())));
    until_ready(&platform).await;
    let store = platform.open_store().await;
    let variant = store.sell(700, 1_000_000).await;
    let shop = Arc::new(Shop {
        client: platform.client.clone(),
        host: store.host(),
        address: platform.address.clone(),
        sandbox: platform.sandbox.url().to_owned(),
        variant: variant.id.clone(),
    });

    let over = Arc::new(AtomicBool::new(false));
    let started = Arc::new(Mutex::new(Vec::new()));
    let shoppers: Vec<_> = (0..SHOPPERS)
        .map(|_| {
            let (shop, over, started) = (shop.clone(), over.clone(), started.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let shop = shop.clone();
                    let (done, mut waiting) = tokio::sync::oneshot::channel::<()>();
                    let purchase = tokio::spawn(async move {
                        let purchase = shop.buy().await;
                        drop(done);
                        purchase
                    });
                    started.lock().unwrap().push(purchase);
                    // One that is caught behind a dead server's lease goes on beside the next.
                    let _ = tokio::time::timeout(Duration::from_millis(1500), &mut waiting).await;
                }
            })
        })
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..900))).await;
        server.crash();
        until_ready(&platform).await;
    }
    over.store(true, Ordering::Relaxed);
    for shopper in shoppers {
        shopper.await.unwrap();
    }
    store.tamper("update idempotency_keys set leased_until = now() where recovery_point <> 'finished'").await;
    let mut purchases = Vec::new();
    let started = std::mem::take(&mut *started.lock().unwrap());
    for purchase in started {
        purchases.push(purchase.await.unwrap());
    }

    // The provider sends again what nobody took; the jobs of dead workers are done when their leases end.
    let open = "select count(*) from orders where stage <> 'paid'";
    for _ in 0..400 {
        if store.count(open).await == 0 {
            break;
        }
        store.tamper("update souk.jobs set run_at = least(run_at, now()) where kind <> 'expire_checkout'").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(store.count(open).await, 0, "every payment that succeeded paid its order");

    let orders: BTreeSet<&str> = purchases.iter().map(|purchase| purchase.bought.order.as_str()).collect();
    assert_eq!(orders.len(), purchases.len(), "two purchases were answered with one order");
    assert_eq!(store.count("select count(*) from orders").await, i64::try_from(purchases.len()).unwrap());
    for some in purchases.chunks(16) {
        join_all(some.iter().map(async |purchase| {
            let again = store.checkout(&purchase.cart, &purchase.key, &card(&purchase.cart)).await.expect(201);
            assert_eq!(again.text, purchase.answer, "the same answer as before the crash");
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
        }))
        .await;
    }
    assert_ledger_agrees(&platform, &store).await;
    assert_consistent(&store).await;
    let log = std::fs::read_to_string(&server.log).unwrap();
    assert!(!log.contains("panicked") && !log.contains("request failed"), "{log}");
    println!("{KILLS} kills, {} orders", purchases.len());
    assert!(purchases.len() >= KILLS, "too little went on to prove anything");
}

/// Everything that the provider took belongs to one payment of ours, and the other way round.
async fn assert_ledger_agrees(platform: &Platform, store: &Store<'_>) {
    let rows = store.rows("select p.provider_ref, p.id::text, p.status, p.amount_minor, o.stage from payments p join orders o on o.id = p.order_id").await;
    let mut payments: BTreeMap<String, (String, String, i64, String)> =
        rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3), row.get(4)))).collect();
    assert_eq!(payments.len(), rows.len());
    let mut charged = BTreeSet::new();
    for intent in platform.intents().await {
        if intent["metadata"]["souk_tenant"] != store.id.to_string() {
            continue;
        }
        let name = intent["id"].as_str().unwrap();
        let (id, status, amount, stage) =
            payments.remove(name).unwrap_or_else(|| panic!("no payment of ours knows {intent}"));
        assert_eq!(intent["metadata"]["souk_payment"], id.as_str());
        assert_eq!(intent["amount"], amount);
        assert_eq!(
            (intent["status"].as_str(), status.as_str(), stage.as_str()),
            (Some("succeeded"), "succeeded", "paid"),
            "{intent}"
        );
        assert!(charged.insert(id), "charged twice: {intent}");
    }
    assert!(payments.is_empty(), "the provider knows nothing of {payments:?}");
}
