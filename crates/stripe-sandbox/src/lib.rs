//! A stateful look-alike of Stripe's API for payments and billing, for development and tests: real HTTP, signed webhooks,
//! a durable ledger, and faults on demand.
//!
//! ```text
//! request ── faults ── idempotency ── verb ── ledger (one fsynced line) ── webhooks ── answer
//! ```

// Stripe's objects are wide.
#![recursion_limit = "256"]

mod accounts;
mod api;
mod balance;
mod cards;
mod catalog;
mod charges;
mod clocks;
mod control;
mod customers;
mod decimal;
mod deliveries;
mod endpoints;
mod error;
mod events;
mod expand;
mod faults;
mod form;
mod ids;
mod intents;
mod invoices;
mod ledger;
mod meters;
mod pages;
mod payment_methods;
mod portal;
mod refunds;
mod request;
mod routes;
mod search;
mod server;
mod sessions;
mod setup_intents;
mod state;
mod subscriptions;
mod table;
mod tx;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How to run a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The durable ledger, a file of JSON lines. What it holds is there again after a restart.
    pub ledger: PathBuf,
    /// The only secret key that is let in.
    pub secret_key: String,
    /// The key a browser may use, together with an intent's client secret.
    pub publishable_key: String,
    /// Where every event of every account goes, besides the endpoints registered through the API. Only `http://`.
    pub webhook_url: Option<String>,
    /// Signs what goes to `webhook_url`.
    pub webhook_secret: String,
}

/// A running sandbox. Dropping it stops it at once.
pub struct Sandbox {
    world: Arc<world::World>,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts serving, and takes up the deliveries the last run left.
    ///
    /// # Errors
    /// When the address or the ledger cannot be had, or the ledger is damaged other than by a torn last line.
    pub async fn start(settings: SandboxSettings) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}", settings.listen))?;
        let address = listener.local_addr()?;
        let (ledger, state) = ledger::Ledger::open(&settings.ledger)?;
        let world = Arc::new(world::World::new(ledger, state, format!("http://{address}"), &settings));
        world.resume();
        let tasks = vec![
            tokio::spawn(server::run(listener, Arc::clone(&world))),
            tokio::spawn(deliveries::run(Arc::clone(&world))),
            tokio::spawn(Arc::clone(&world).live()),
        ];
        Ok(Self { world, address, tasks })
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.world.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends every later event to `url`; `None` stops that.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.world.set_webhook_url(url);
    }

    /// Sends every later event about billing to this address, signed with this secret, instead of to the webhook address;
    /// `None` stops that.
    pub fn set_billing_webhook(&self, target: Option<(String, String)>) {
        self.world.set_billing_webhook(target);
    }

    /// Stops serving and delivering. What was answered is on disk.
    pub async fn shutdown(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            // An aborted task has nothing to say.
            let _ = task.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
