//! While a store's slice is in flight its further checkouts wait here; when it ends, they are the next slice.
//!
//! One queue per store and process. Across processes the store's row in the database keeps the order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kernel::metrics;
use tokio::sync::{Notify, oneshot};

use super::CheckoutError;
use super::decide::Request;
use super::slice::{self, Verdict};
use crate::shop::Shop;

/// Most checkouts in one transaction.
const MAX_SLICE: usize = 128;
/// Most that may wait; further ones are turned away.
const MAX_WAITING: usize = 1024;

/// Checkouts of one store that wait for a transaction.
#[derive(Default)]
pub struct Queue {
    state: Mutex<Waiting>,
    /// Told whenever a key has got its answer.
    pub(super) answered: Notify,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Is somebody at work on the queue?
    driven: bool,
}

struct Job {
    request: Request,
    since: Instant,
    reply: oneshot::Sender<Result<Verdict, CheckoutError>>,
}

impl Queue {
    /// Waits for the request's turn and its verdict.
    pub(super) async fn submit(shop: &Shop, request: Request) -> Result<Verdict, CheckoutError> {
        let queue = &shop.checkouts;
        let (reply, verdict) = oneshot::channel();
        let drive = {
            let mut state = queue.lock();
            if state.jobs.len() >= MAX_WAITING {
                return Err(CheckoutError::QueueFull);
            }
            state.jobs.push_back(Job { request, since: Instant::now(), reply });
            metrics::checkout_queued();
            !std::mem::replace(&mut state.driven, true)
        };
        if drive {
            // A task of its own: whoever waits may go away, the others must not notice.
            tokio::spawn(Self::drive(shop.clone()));
        }
        verdict.await.map_err(|_| CheckoutError::Interrupted)?
    }

    async fn drive(shop: Shop) {
        let mut guard = Driver(shop.checkouts.clone(), true);
        loop {
            let jobs = {
                let mut state = shop.checkouts.lock();
                let count = state.jobs.len().min(MAX_SLICE);
                if count == 0 {
                    // Decided under the lock, so that nobody is left waiting.
                    state.driven = false;
                    guard.1 = false;
                    return;
                }
                metrics::checkouts_taken(count);
                state.jobs.drain(..count).collect::<Vec<_>>()
            };
            run(&shop, jobs).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while it is held, and a queue is whole after every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands the queue over when the driver dies: those waiting are told to come again.
struct Driver(Arc<Queue>, bool);

impl Drop for Driver {
    fn drop(&mut self) {
        if self.1 {
            let mut state = self.0.lock();
            state.driven = false;
            metrics::checkouts_taken(state.jobs.len());
            state.jobs.clear();
        }
    }
}

async fn run(shop: &Shop, jobs: Vec<Job>) {
    metrics::checkout_slice(jobs.len());
    jobs.iter().for_each(|job| metrics::order_queue_wait(job.since.elapsed()));
    let (requests, replies): (Vec<_>, Vec<_>) = jobs.into_iter().map(|job| (job.request, job.reply)).unzip();
    match kernel::db::retrying(|| slice::run(shop, &requests)).await {
        Ok(verdicts) => {
            for (reply, verdict) in replies.into_iter().zip(verdicts) {
                // Whoever asked may be gone.
                let _ = reply.send(Ok(verdict));
            }
        }
        Err(CheckoutError::Database(error)) if kernel::db::is_outage(&error) => {
            // Going one by one would only keep each of them waiting. Whoever comes again finds by the key what became
            // of a commit whose answer was lost.
            tracing::warn!(tenant = %shop.slug, %error, size = requests.len(), "slice turned away");
            for reply in replies {
                let _ = reply.send(Err(CheckoutError::Interrupted));
            }
        }
        Err(error) => {
            // One that cannot be written must not take its neighbours with it.
            tracing::warn!(tenant = %shop.slug, %error, size = requests.len(), "slice failed, its checkouts go one by one");
            for (request, reply) in requests.into_iter().zip(replies) {
                let alone = kernel::db::retrying(|| slice::run(shop, std::slice::from_ref(&request))).await;
                let verdict = alone.and_then(|mut verdicts| verdicts.pop().ok_or(CheckoutError::Interrupted));
                let _ = reply.send(verdict);
            }
        }
    }
}
