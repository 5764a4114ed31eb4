//! Everything the sandbox knows, and the one way to change it: a list of changes that becomes one ledger line.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::charges::Charge;
use crate::customers::Customer;
use crate::endpoints::Endpoint;
use crate::events::Event;
use crate::ids::{new_id, now};
use crate::intents::Intent;
use crate::payment_methods::PaymentMethod;
use crate::refunds::{self, Refund};
use crate::table::{Row, Table};

/// How long an answer is kept under its idempotency key, in seconds.
const KEPT: i64 = 24 * 60 * 60;

/// An object as it was at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Snapshot {
    Customer(Customer),
    PaymentMethod(PaymentMethod),
    Intent(Intent),
    Charge(Charge),
    Refund(Refund),
}

impl Snapshot {
    fn row(&self) -> (Value, Option<&str>) {
        match self {
            Self::Customer(row) => (row.render(), row.account()),
            Self::PaymentMethod(row) => (row.render(), row.account()),
            Self::Intent(row) => (row.render(), row.account()),
            Self::Charge(row) => (row.render(), row.account()),
            Self::Refund(row) => (row.render(), row.account()),
        }
    }

    pub fn render(&self) -> Value {
        self.row().0
    }

    fn account(&self) -> Option<String> {
        self.row().1.map(str::to_owned)
    }
}

/// The body of an answer. Objects are kept small and rendered when sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    Object(Box<Snapshot>),
    Text(String),
}

impl Body {
    pub fn of(object: Snapshot) -> Self {
        Self::Object(Box::new(object))
    }

    pub fn json(value: &Value) -> Self {
        Self::Text(value.to_string())
    }

    pub fn text(&self) -> String {
        match self {
            Self::Object(object) => object.render().to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A definite answer kept under an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Account and key.
    pub scope: String,
    /// What was asked.
    pub fingerprint: String,
    pub at: i64,
    pub request_id: String,
    pub status: u16,
    pub body: Body,
}

/// One change of the state, as the ledger keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Customer(Customer),
    PaymentMethod(PaymentMethod),
    Intent(Intent),
    Charge(Charge),
    Refund(Refund),
    Endpoint(Endpoint),
    Event(Event),
    Answer(Box<Answer>),
    /// `target` has heard of `event`, or is given up on.
    Delivered {
        event: String,
        target: String,
    },
}

#[derive(Debug, Default)]
pub struct State {
    pub customers: Table<Customer>,
    pub payment_methods: Table<PaymentMethod>,
    pub intents: Table<Intent>,
    pub charges: Table<Charge>,
    pub refunds: Table<Refund>,
    pub endpoints: Table<Endpoint>,
    pub events: Table<Event>,
    answers: HashMap<String, Answer>,
    in_flight: HashSet<String>,
    undelivered: HashMap<String, HashSet<String>>,
    sweep_at: usize,
}

/// What is known about an idempotency key.
pub enum Known {
    Nothing,
    Running,
    OtherParameters,
    Answered(Box<Answer>),
}

impl State {
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Customer(row) => self.customers.put(row),
            Change::PaymentMethod(row) => self.payment_methods.put(row),
            Change::Intent(row) => self.intents.put(row),
            Change::Charge(row) => self.charges.put(row),
            Change::Refund(row) => self.refunds.put(row),
            Change::Endpoint(row) => self.endpoints.put(row),
            Change::Event(row) => {
                if !row.targets.is_empty() {
                    self.undelivered.insert(row.id.clone(), row.targets.iter().cloned().collect());
                }
                self.events.put(row);
            }
            Change::Answer(answer) => {
                self.answers.insert(answer.scope.clone(), *answer);
                self.forget_old_answers();
            }
            Change::Delivered { event, target } => {
                if let Some(targets) = self.undelivered.get_mut(&event) {
                    targets.remove(&target);
                    if targets.is_empty() {
                        self.undelivered.remove(&event);
                    }
                }
            }
        }
    }

    /// What an earlier request left under this key; when nothing, the key is taken until [`State::release`].
    pub fn begin(&mut self, scope: &str, fingerprint: &str) -> Known {
        if let Some(answer) = self.answers.get(scope).filter(|answer| answer.at + KEPT > now()) {
            return if answer.fingerprint == fingerprint {
                Known::Answered(Box::new(answer.clone()))
            } else {
                Known::OtherParameters
            };
        }
        if self.in_flight.insert(scope.to_owned()) { Known::Nothing } else { Known::Running }
    }

    pub fn release(&mut self, scope: &str) {
        self.in_flight.remove(scope);
    }

    /// Events somebody has not heard of yet, oldest first, by target.
    pub fn undelivered(&self) -> HashMap<String, Vec<String>> {
        let mut by_target: HashMap<String, Vec<String>> = HashMap::new();
        for event in self.events.iter() {
            for target in self.undelivered.get(&event.id).into_iter().flatten() {
                by_target.entry(target.clone()).or_default().push(event.id.clone());
            }
        }
        by_target
    }

    pub fn undelivered_count(&self) -> usize {
        self.undelivered.values().map(HashSet::len).sum()
    }

    /// Runs whenever the number of answers has doubled, so that its cost is spread.
    fn forget_old_answers(&mut self) {
        if self.answers.len() < self.sweep_at.max(1024) {
            return;
        }
        let oldest = now() - KEPT;
        self.answers.retain(|_, answer| answer.at > oldest);
        self.sweep_at = self.answers.len() * 2;
    }
}

/// One request's view of the state. Its changes apply at once and reach the ledger together.
pub struct Tx<'a> {
    pub state: &'a mut State,
    pub changes: Vec<Change>,
    pub events: Vec<Event>,
    /// Where people reach the sandbox.
    pub url: &'a str,
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
    /// A fault: where refunds made by this request go instead of succeeding at once.
    pub refund_goes: Option<refunds::Status>,
}

impl<'a> Tx<'a> {
    pub fn new(state: &'a mut State, url: &'a str) -> Self {
        Self {
            state,
            changes: Vec::new(),
            events: Vec::new(),
            url,
            request_id: None,
            idempotency_key: None,
            refund_goes: None,
        }
    }

    pub fn put(&mut self, change: Change) {
        self.state.apply(change.clone());
        self.changes.push(change);
    }

    pub fn emit(&mut self, kind: &str, object: Snapshot) {
        self.events.push(Event {
            id: new_id("evt"),
            account: object.account(),
            created: now(),
            kind: kind.to_owned(),
            request_id: self.request_id.clone(),
            idempotency_key: self.idempotency_key.clone(),
            object,
            targets: Vec::new(),
        });
    }
}
