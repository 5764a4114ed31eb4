//! Delivering events to webhook endpoints: signed, at least once, with patience.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use sha2::Sha256;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::ids::now;
use crate::state::Change;
use crate::table::Row as _;
use crate::world::World;

/// The target that stands for the address given at start.
pub const DEFAULT_TARGET: &str = "default";
/// The target that stands for the address given for billing.
pub const BILLING_TARGET: &str = "billing";

const FIRST_RETRY: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
const TRIES: u32 = 20;
const TIMEOUT: Duration = Duration::from_secs(10);
const AT_ONCE: usize = 16;
const REMEMBERED: usize = 500;

/// Events for one target, told one after the other. Only ids: the events themselves stay where they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch {
    pub due: Instant,
    pub target: String,
    pub events: VecDeque<String>,
    pub tried: u32,
}

/// One attempt, for people and tests to look at.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    pub event: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub target: String,
    pub url: String,
    pub attempt: u32,
    pub at: i64,
    pub status: Option<u16>,
    pub error: Option<String>,
}

pub struct Deliveries {
    queue: Mutex<BinaryHeap<Reverse<Batch>>>,
    attempts: Mutex<VecDeque<Attempt>>,
    changed: Notify,
    slots: Arc<Semaphore>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Deliveries {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        Self {
            queue: Mutex::default(),
            attempts: Mutex::default(),
            changed: Notify::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            client: Client::builder(TokioExecutor::new()).pool_max_idle_per_host(AT_ONCE).build(connector),
        }
    }
}

impl Deliveries {
    pub fn push(&self, batch: Batch) {
        lock(&self.queue).push(Reverse(batch));
        self.changed.notify_one();
    }

    pub fn attempts(&self) -> Vec<Attempt> {
        lock(&self.attempts).iter().cloned().collect()
    }

    fn next(&self) -> Result<Batch, Option<Instant>> {
        let mut queue = lock(&self.queue);
        match queue.peek() {
            Some(Reverse(batch)) if batch.due <= Instant::now() => queue.pop().map(|Reverse(batch)| batch).ok_or(None),
            Some(Reverse(batch)) => Err(Some(batch.due)),
            None => Err(None),
        }
    }

    fn remember(&self, attempt: Attempt) {
        let mut attempts = lock(&self.attempts);
        attempts.push_back(attempt);
        while attempts.len() > REMEMBERED {
            attempts.pop_front();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Delivers until the task is dropped.
pub async fn run(world: Arc<World>) {
    loop {
        let Ok(slot) = Arc::clone(&world.deliveries.slots).acquire_owned().await else { return };
        let batch = loop {
            match world.deliveries.next() {
                Ok(batch) => break batch,
                Err(Some(due)) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(due) => {}
                        () = world.deliveries.changed.notified() => {}
                    }
                }
                Err(None) => world.deliveries.changed.notified().await,
            }
        };
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            if let Some(rest) = deliver(&world, batch).await {
                world.deliveries.push(rest);
            }
            drop(slot);
        });
    }
}

/// Tells the events in turn; returns what is left to try later.
pub async fn deliver(world: &Arc<World>, mut batch: Batch) -> Option<Batch> {
    while let Some(event) = batch.events.front().cloned() {
        let Some((url, secret)) = world.target(&batch.target) else { break };
        batch.tried += 1;
        let told = tell(world, &event, &batch, &url, &secret).await;
        if !told && batch.tried < TRIES {
            let pause = FIRST_RETRY.saturating_mul(1 << (batch.tried - 1).min(16)).min(LONGEST_RETRY);
            batch.due = Instant::now() + pause;
            return Some(batch);
        }
        if !told {
            tracing::warn!(%event, target = %batch.target, "gave up on a webhook");
        }
        batch.events.pop_front();
        batch.tried = 0;
        // Told twice is better than never told: losing this mark costs one more delivery after a restart.
        let _ = world.record(vec![Change::Delivered { event, target: batch.target.clone() }]);
    }
    None
}

async fn tell(world: &World, id: &str, batch: &Batch, url: &str, secret: &str) -> bool {
    let Some((kind, payload)) =
        world.with_state(|state| state.events.any(id).map(|event| (event.kind.clone(), event.render().to_string())))
    else {
        return true;
    };
    let request = Request::post(url)
        .header("content-type", "application/json; charset=utf-8")
        .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header("stripe-signature", sign(&payload, secret, now().saturating_add(world.signed_ahead())))
        .body(Full::new(Bytes::from(payload)));
    let exchange = async {
        let request = request.map_err(|error| error.to_string())?;
        let response = world.deliveries.client.request(request).await.map_err(|error| format!("{error:?}"))?;
        let status = response.status();
        // Read to the end so that the connection can be used again.
        let _ = Limited::new(response.into_body(), 1 << 20).collect().await;
        Ok::<_, String>(status)
    };
    let answer = tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err("no answer in time".to_owned()));
    let told = answer.as_ref().is_ok_and(|status| status.is_success());
    let (status, error) = match answer {
        Ok(status) => (Some(status.as_u16()), None),
        Err(error) => (None, Some(error)),
    };
    world.deliveries.remember(Attempt {
        event: id.to_owned(),
        kind,
        target: batch.target.clone(),
        url: url.to_owned(),
        attempt: batch.tried,
        at: now(),
        status,
        error,
    });
    told
}

fn sign(payload: &str, secret: &str, time: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{time}.{payload}").as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={signature}")
}
