//! What all requests share, and how a change is committed: state, ledger, then webhooks.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::deliveries::{BILLING_TARGET, Batch, DEFAULT_TARGET, Deliveries};
use crate::error::ApiError;
use crate::events::Event;
use crate::faults::{Fault, Faults};
use crate::ids::now;
use crate::ledger::Ledger;
use crate::state::{Change, State, Tx};
use crate::{clocks, intents, refunds};

/// How long processing payments and slow refunds take.
const A_MOMENT: Duration = Duration::from_millis(300);
/// How long a test clock shows that it is advancing.
const AN_INSTANT: Duration = Duration::from_millis(5);
const A_SECOND: Duration = Duration::from_secs(1);

pub struct World {
    state: Mutex<State>,
    ledger: Ledger,
    pub deliveries: Deliveries,
    pub faults: Faults,
    pub url: String,
    pub secret_key: String,
    pub publishable_key: String,
    pub webhook_secret: String,
    webhook_url: Mutex<Option<String>>,
    /// Address and secret for what is about billing.
    billing_webhook: Mutex<Option<(String, String)>>,
    /// Seconds by which the receivers' clock is ahead of ours: messages are signed by theirs.
    signed_ahead: AtomicI64,
}

/// Something that ends by itself a moment later.
enum Pending {
    Intent(String),
    Refund(String, refunds::Status),
    Clock(String),
}

/// Changes that are applied and on their way to disk.
pub struct Commit {
    durable: oneshot::Receiver<()>,
    pub batches: Vec<Batch>,
    pending: Vec<Pending>,
}

impl World {
    pub fn new(ledger: Ledger, state: State, url: String, settings: &crate::SandboxSettings) -> Self {
        Self {
            state: Mutex::new(state),
            ledger,
            deliveries: Deliveries::default(),
            faults: Faults::default(),
            url,
            secret_key: settings.secret_key.clone(),
            publishable_key: settings.publishable_key.clone(),
            webhook_secret: settings.webhook_secret.clone(),
            webhook_url: Mutex::new(settings.webhook_url.clone()),
            billing_webhook: Mutex::default(),
            signed_ahead: AtomicI64::default(),
        }
    }

    pub fn with_state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.lock())
    }

    pub fn set_webhook_url(&self, url: Option<String>) {
        *self.webhook_url.lock().unwrap_or_else(PoisonError::into_inner) = url;
    }

    pub fn webhook_url(&self) -> Option<String> {
        self.webhook_url.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_signed_ahead(&self, seconds: i64) {
        self.signed_ahead.store(seconds, Ordering::Relaxed);
    }

    pub fn signed_ahead(&self) -> i64 {
        self.signed_ahead.load(Ordering::Relaxed)
    }

    pub fn set_billing_webhook(&self, target: Option<(String, String)>) {
        *self.billing_webhook.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    fn billing_webhook(&self) -> Option<(String, String)> {
        self.billing_webhook.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which of the two addresses given at start are there.
    fn standing(&self) -> Standing {
        Standing { default: self.webhook_url().is_some(), billing: self.billing_webhook().is_some() }
    }

    /// Address and secret of a webhook target; `None` when it is gone.
    pub fn target(&self, id: &str) -> Option<(String, String)> {
        if id == DEFAULT_TARGET {
            return Some((self.webhook_url()?, self.webhook_secret.clone()));
        }
        if id == BILLING_TARGET {
            return self.billing_webhook();
        }
        let state = self.lock();
        let endpoint = state.endpoints.any(id).filter(|endpoint| endpoint.enabled && !endpoint.deleted)?;
        Some((endpoint.url.clone(), endpoint.secret.clone()))
    }

    /// Appends changes nobody waits for.
    pub fn record(&self, changes: Vec<Change>) -> anyhow::Result<()> {
        let mut state = self.lock();
        self.ledger.append(&changes)?;
        changes.into_iter().for_each(|change| state.apply(change));
        Ok(())
    }

    /// Runs `work`, and whatever it changed becomes one ledger line, together with `answer` made from its result.
    ///
    /// Changes made before an error stay: a declined card leaves its mark.
    pub fn commit<T>(
        &self,
        faults: &[Fault],
        work: impl FnOnce(&mut Tx<'_>) -> T,
        answer: impl FnOnce(&T) -> Option<Change>,
    ) -> Result<(T, Commit), ApiError> {
        let standing = self.standing();
        let mut state = self.lock();
        let mut tx = Tx::new(&mut state, &self.url);
        if faults.contains(&Fault::RefundFails) {
            tx.refund_goes = Some(refunds::Status::Failed);
        } else if faults.contains(&Fault::RefundPending) {
            tx.refund_goes = Some(refunds::Status::Succeeded);
        }
        let result = work(&mut tx);
        let mut events = std::mem::take(&mut tx.events);
        for event in &mut events {
            if !faults.contains(&Fault::WebhookNever) {
                event.targets = targets(tx.state, event, standing);
            }
            tx.put(Change::Event(event.clone()));
        }
        if let Some(change) = answer(&result) {
            tx.put(change);
        }
        let changes = tx.changes;
        let durable = self.ledger.append(&changes).map_err(|_| ApiError::internal())?;
        drop(state);
        Ok((result, Commit { durable, batches: batches(&events, faults), pending: pending(&changes) }))
    }

    /// Resolves once the commit is on disk; what ends by itself is set going.
    pub async fn settle(self: &Arc<Self>, commit: Commit) -> Result<Vec<Batch>, ApiError> {
        commit.durable.await.map_err(|_| ApiError::internal())?;
        for pending in commit.pending {
            self.later(pending);
        }
        Ok(commit.batches)
    }

    /// Commits what `work` does, waits until it is on disk, and tells everybody. What was done before an error stays.
    pub async fn act<T>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (result, commit) = self.commit(&[], work, |_| None)?;
        let batches = self.settle(commit).await?;
        batches.into_iter().for_each(|batch| self.deliveries.push(batch));
        result
    }

    /// Does what is due by the machine's time, until the task is dropped.
    pub async fn live(self: Arc<Self>) {
        loop {
            let due = self.with_state(|state| clocks::next_due(state, None));
            if due.is_some_and(|due| due <= now()) {
                // A ledger that cannot be written is told to whoever asks next.
                let run = |tx: &mut Tx<'_>| {
                    clocks::run(tx, None, now());
                    Ok(())
                };
                let _ = self.act(run).await;
            }
            tokio::time::sleep(A_SECOND).await;
        }
    }

    /// Takes up what the last run left: undelivered events, payments in process, refunds on their way.
    pub fn resume(self: &Arc<Self>) {
        let mut unfinished = Vec::new();
        let undelivered = self.with_state(|state| {
            for intent in state.intents.iter().filter(|intent| intent.status == intents::Status::Processing) {
                unfinished.push(Pending::Intent(intent.id.clone()));
            }
            for clock in state.clocks.iter().filter(|clock| clock.target.is_some()) {
                unfinished.push(Pending::Clock(clock.id.clone()));
            }
            for refund in state.refunds.iter() {
                unfinished.extend(refund.next.map(|next| Pending::Refund(refund.id.clone(), next)));
            }
            state.undelivered()
        });
        for pending in unfinished {
            self.later(pending);
        }
        for (target, events) in undelivered {
            self.deliveries.push(Batch { due: Instant::now(), target, events: events.into(), tried: 0 });
        }
    }

    /// Sends an event again to everybody who would hear of it now.
    pub fn resend(&self, event: &str) -> bool {
        let standing = self.standing();
        let found = self.with_state(|state| state.events.any(event).map(|event| targets(state, event, standing)));
        let Some(targets) = found else { return false };
        for target in targets {
            let events = VecDeque::from([event.to_owned()]);
            self.deliveries.push(Batch { due: Instant::now(), target, events, tried: 0 });
        }
        true
    }

    fn later(self: &Arc<Self>, pending: Pending) {
        let world = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(if matches!(pending, Pending::Clock(_)) { AN_INSTANT } else { A_MOMENT }).await;
            // What ended otherwise meanwhile needs nothing.
            let _ = world
                .act(|tx| match &pending {
                    Pending::Intent(id) => intents::finish_processing(tx, id),
                    Pending::Refund(id, end) => refunds::settle(tx, id, *end).map(drop),
                    Pending::Clock(id) => {
                        clocks::finish(tx, id);
                        Ok(())
                    }
                })
                .await;
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which of the addresses given at start are there.
#[derive(Debug, Clone, Copy)]
struct Standing {
    default: bool,
    billing: bool,
}

/// Billing is told to the address for billing when there is one, and everything else to the other.
fn targets(state: &State, event: &Event, standing: Standing) -> Vec<String> {
    let wanting = state.endpoints.iter().filter(|endpoint| endpoint.wants(&event.kind, event.account.as_deref()));
    let first = if standing.billing && event.about_billing() {
        Some(BILLING_TARGET)
    } else {
        standing.default.then_some(DEFAULT_TARGET)
    };
    first.map(str::to_owned).into_iter().chain(wanting.map(|endpoint| endpoint.id.clone())).collect()
}

fn batches(events: &[Event], faults: &[Fault]) -> Vec<Batch> {
    let mut by_target: HashMap<&str, VecDeque<String>> = HashMap::new();
    for event in events {
        for target in &event.targets {
            by_target.entry(target).or_default().push_back(event.id.clone());
        }
    }
    let mut due = Instant::now();
    for fault in faults {
        if let Fault::WebhookLate(pause) = fault {
            due += *pause;
        }
    }
    let arrange = |mut events: VecDeque<String>| {
        if faults.contains(&Fault::WebhooksReversed) {
            events = events.into_iter().rev().collect();
        }
        if faults.contains(&Fault::WebhookTwice) {
            events.extend(events.clone());
        }
        events
    };
    let batch =
        |(target, events): (&str, _)| Batch { due, target: target.to_owned(), events: arrange(events), tried: 0 };
    by_target.into_iter().map(batch).collect()
}

fn pending(changes: &[Change]) -> Vec<Pending> {
    let mut found = Vec::new();
    for change in changes {
        if let Change::Intent(intent) = change
            && intent.status == intents::Status::Processing
        {
            found.push(Pending::Intent(intent.id.clone()));
        }
        if let Change::Clock(clock) = change
            && clock.target.is_some()
            && !found.iter().any(|known| matches!(known, Pending::Clock(id) if id == &clock.id))
        {
            found.push(Pending::Clock(clock.id.clone()));
        }
        if let Change::Refund(refund) = change
            && let Some(next) = refund.next
        {
            found.push(Pending::Refund(refund.id.clone(), next));
        }
    }
    found
}
