//! The platform under test.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::clock::Clock;
use kernel::id::TenantId;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use server::config::{Config, Environment};
use server::run::Souk;
use server::worker::Worker;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use stripe_sandbox::{Sandbox, SandboxSettings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Answer, Store};

/// A server in this process, a Stripe sandbox, and the shared database of the test run.
pub struct Platform {
    pub souk: Souk,
    pub clock: Clock,
    pub sandbox: Sandbox,
    /// Where the server listens: `http://127.0.0.1:port`.
    pub address: String,
    pub client: Client,
    /// A connection that may see everything, for looking at what was written and for moving time.
    pub database: PgPool,
    /// What the server was started with.
    pub(crate) environment: Environment,
    opened: Mutex<Vec<TenantId>>,
    stop: CancellationToken,
}

/// What the run of the tests provides.
fn from_run(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with ./test"))
}

/// Settings as the tests use them.
pub fn settings() -> Environment {
    let mut environment = Environment::default();
    environment.set("DATABASE_URL", from_run("TEST_DATABASE_URL"));
    environment.set("DATABASE_ADMIN_URL", from_run("TEST_DATABASE_ADMIN_URL"));
    environment.set("SOUK__AUTH__SECRET", "tests only: mVb1xq7Jt0yQe2ZkR8uWc5nP3hLs");
    environment.set("STRIPE_SECRET_KEY", "sk_test_souk_tests_0123456789");
    environment.set("STRIPE_PUBLISHABLE_KEY", "pk_test_souk_tests_0123456789");
    environment.set("STRIPE_WEBHOOK_SECRET", "whsec_souk_tests_0123456789");
    environment.set("SOUK__PROVISIONING__SPARE_SCHEMAS", "2");
    environment.set("SOUK__LOG__LEVEL", "warn");
    environment.set("SOUK__MAIL__DIRECTORY", scratch().join("mail").display().to_string());
    // Many servers beside each other; a test of the metrics chooses a port.
    environment.set("SOUK__METRICS__LISTEN", "off");
    // Tests buy the same again and again as the same person; those about reviews say in their store what is looked at.
    environment.set("SOUK__REVIEW__PENDING_ORDERS", "0");
    environment.set("SOUK__REVIEW__HOURLY_ORDERS", "0");
    environment.set("SOUK__REVIEW__DUPLICATE_MINUTES", "0");
    // Opening a connection is slow without optimisation, and few of them do as well.
    environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "6");
    // Tests ask whether all is right in the end, with the machine's cores shared by many of them.
    environment.set("SOUK__DATABASE__ACQUIRE_TIMEOUT_MS", "20000");
    environment
}

/// The superuser's way into the platform's database.
fn everything(environment: &Environment, superuser: &str) -> PgConnectOptions {
    let application: PgConnectOptions = environment.get("DATABASE_URL").unwrap().parse().unwrap();
    let superuser: PgConnectOptions = superuser.parse().unwrap();
    superuser.database(application.get_database().unwrap())
}

/// A word that nobody else in this run uses.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{:08x}{:03}", rand::random::<u32>(), n % 1000)
}

/// A new idempotency key.
pub fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Platform {
    pub async fn start() -> Self {
        Self::start_with(settings()).await
    }

    pub async fn start_with(environment: Environment) -> Self {
        Self::start_on(environment, &from_run("TEST_SUPERUSER_URL")).await
    }

    /// A platform on the PostgreSQL that `environment` names, with its superuser's address.
    pub async fn start_on(mut environment: Environment, superuser: &str) -> Self {
        let get = |name: &str| environment.get(name).unwrap().to_owned();
        let sandbox = Sandbox::start(SandboxSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            ledger: scratch().join("ledger.jsonl"),
            secret_key: get("STRIPE_SECRET_KEY"),
            publishable_key: get("STRIPE_PUBLISHABLE_KEY"),
            webhook_url: None,
            webhook_secret: get("STRIPE_WEBHOOK_SECRET"),
        })
        .await
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let local = listener.local_addr().unwrap();
        environment.set("SOUK__SERVER__LISTEN", local.to_string());
        environment.set_default("SOUK__STRIPE__API_BASE", sandbox.url().to_owned());
        let config = Config::from_environment(&environment).unwrap();
        let _ = server::telemetry::start(&config.log);

        let clock = Clock::shifted();
        let souk = Souk::new(config, clock.clone()).unwrap();
        souk.migrate().await.unwrap();
        let stop = CancellationToken::new();
        let serving = souk.clone();
        let stopped = stop.clone();
        tokio::spawn(async move { serving.serve(listener, stopped).await });

        let database = PgPoolOptions::new().max_connections(2).connect_lazy_with(everything(&environment, superuser));
        let platform = Self {
            souk,
            clock,
            address: format!("http://{local}"),
            client: client(),
            database,
            sandbox,
            environment,
            opened: Mutex::default(),
            stop,
        };
        platform.sandbox.set_webhook_url(Some(format!("http://localhost:{}/webhooks/stripe/payments", local.port())));
        platform.ready().await;
        platform
    }

    /// Until the server answers and listens for changes of stores.
    async fn ready(&self) {
        for _ in 0..100 {
            if self.get("/health/ready").await.status == 200 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the server does not become ready");
    }

    /// A request to a host, as the edge of the network would pass it on.
    pub fn request(&self, method: Method, host: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address)).header("host", host)
    }

    /// `GET` on the platform's host.
    pub async fn get(&self, path: &str) -> Answer {
        match self.request(Method::GET, "localhost", path).send().await {
            Ok(response) => Answer::of(response).await,
            Err(error) => panic!("GET {path}: {error}"),
        }
    }

    /// `POST` on the platform's host, with a new idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, "localhost", path).header("idempotency-key", key());
        Answer::of(request.json(body).send().await.unwrap()).await
    }

    /// Signs a merchant up.
    pub async fn open_store(&self) -> Store<'_> {
        self.open_store_on("scale").await
    }

    /// Signs a merchant up on a plan.
    pub async fn open_store_on(&self, plan: &str) -> Store<'_> {
        let slug = unique("shop");
        let email = format!("{slug}@merchants.example.com");
        let request = json!({
            "email": email, "password": "correct horse battery", "store_name": "A shop", "slug": slug,
            "plan": plan, "currency": "EUR",
        });
        let answer = self.post("/api/v1/signup", &request).await.expect(201);
        let id: TenantId = answer.str("/tenant/id").parse().unwrap();
        self.opened.lock().unwrap().push(id);
        Store::new(self, id, slug, email, answer.str("/access_token"))
    }

    /// The database that holds stores, where there is but one.
    pub fn cluster(&self) -> kernel::db::ClusterDb {
        self.souk.pools.cluster("main").unwrap().db()
    }

    /// A worker for the stores that this test opened.
    pub fn worker(&self) -> Worker {
        let opened = self.opened.lock().unwrap().clone();
        Worker { only: Some(opened.into()), ..self.souk.worker() }
    }

    /// Does all jobs that are due and hands on all news, until there is nothing left.
    pub async fn work(&self) {
        let worker = self.worker();
        for _ in 0..1000 {
            while worker.jobs().await.unwrap() + worker.news().await.unwrap() > 0 {}
            if self.untold().await == 0 {
                return;
            }
            // News wait for the oldest transaction in the database, which may be another test's.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the news find no end");
    }

    /// How much news of the stores that this test opened has not been handed on.
    async fn untold(&self) -> i64 {
        let opened: Vec<uuid::Uuid> = self.opened.lock().unwrap().iter().map(|tenant| tenant.0).collect();
        let count = sqlx::query_scalar("select count(*) from souk.outbox where tenant_id = any($1)").bind(opened);
        count.fetch_one(&self.database).await.unwrap()
    }

    /// Stops the server; requests in flight are finished.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A folder of this test's own.
fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(unique("souk-tests"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn client() -> Client {
    Client::builder().pool_max_idle_per_host(256).no_proxy().build().unwrap()
}
