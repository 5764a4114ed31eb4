//! The shared cache: Redis as a helper that may be absent, slow, flushed or wrong about nothing that matters.
//!
//! Every call has a budget; after a failure the cache stands aside for a while, so that an outage does not cost every
//! request its budget. Keys carry the tenant and the version of what they hold: a stale value is never found.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long a failing Redis is left alone.
const PAUSE: Duration = Duration::from_secs(2);

/// A cache that all nodes share, or none.
#[derive(Clone, Default)]
pub struct SharedCache(Option<Arc<Node>>);

struct Node {
    connection: ConnectionManager,
    budget: Duration,
    started: Instant,
    /// Milliseconds after `started` until which Redis is left alone.
    paused_until: AtomicI64,
}

impl SharedCache {
    /// No shared cache: every lookup misses.
    pub fn none() -> Self {
        Self(None)
    }

    /// The cache at `url`, connected at first use. `budget` bounds each command.
    pub fn redis(url: &str, budget: Duration) -> redis::RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(budget.max(Duration::from_millis(50)) * 4))
            .set_response_timeout(Some(budget))
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)?;
        let node = Node { connection, budget, started: Instant::now(), paused_until: AtomicI64::new(0) };
        Ok(Self(Some(Arc::new(node))))
    }

    /// Is Redis left alone for the moment, after a failure?
    pub fn paused(&self) -> bool {
        self.0.as_ref().is_some_and(|node| node.now() < node.paused_until.load(Ordering::Relaxed))
    }

    /// What is stored under `key`; `None` when nothing is, or when Redis does not answer in time.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let node = self.0.as_ref()?;
        let json: Option<Vec<u8>> = node.run(async |connection| connection.get(key).await).await?;
        serde_json::from_slice(&json?).ok()
    }

    /// Stores a value for `ttl`, if Redis is there.
    pub async fn set<T: Serialize>(&self, key: &str, value: &T, ttl: Duration) {
        let (Some(node), Ok(json)) = (self.0.as_ref(), serde_json::to_vec(value)) else { return };
        let _: Option<()> = node.run(async |connection| connection.set_ex(key, json, ttl.as_secs().max(1)).await).await;
    }
}

impl Node {
    fn now(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn run<T>(&self, command: impl AsyncFnOnce(&mut ConnectionManager) -> redis::RedisResult<T>) -> Option<T> {
        let now = self.now();
        if now < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        let mut connection = self.connection.clone();
        match tokio::time::timeout(self.budget, command(&mut connection)).await {
            Ok(Ok(value)) => Some(value),
            failed => {
                let pause = i64::try_from(PAUSE.as_millis()).unwrap_or(i64::MAX);
                self.paused_until.store(now.saturating_add(pause), Ordering::Relaxed);
                let reason = match failed {
                    Ok(Err(error)) => error.to_string(),
                    Ok(Ok(_)) | Err(_) => "no answer in time".to_owned(),
                };
                tracing::warn!(reason, "redis left alone for a while");
                None
            }
        }
    }
}

impl fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "SharedCache(redis)" } else { "SharedCache(none)" })
    }
}
