//! Everything the sandbox knows, and the one way to change it: a list of changes that becomes one ledger line.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accounts::{Account, AccountLink};
use crate::balance::BalanceTransaction;
use crate::catalog::{Price, Product};
use crate::charges::Charge;
use crate::clocks::Clock;
use crate::customers::Customer;
use crate::endpoints::Endpoint;
use crate::events::Event;
use crate::ids::now;
use crate::intents::Intent;
use crate::invoices::{Invoice, InvoiceItem};
use crate::meters::{Meter, Usage};
use crate::payment_methods::PaymentMethod;
use crate::portal;
use crate::refunds::Refund;
use crate::sessions::Session;
use crate::setup_intents::SetupIntent;
use crate::subscriptions::Subscription;
use crate::table::{Row, Table};
pub use crate::tx::Tx;

/// How long an answer is kept under its idempotency key, in seconds.
const KEPT: i64 = 24 * 60 * 60;

/// Every kind of object once: where it is kept, and how a change of it is written down.
macro_rules! objects {
    ($($kind:ident($row:ty) in $table:ident),* $(,)?) => {
        /// An object as it was at one moment.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Snapshot {
            $($kind($row),)*
        }

        impl Snapshot {
            pub fn render(&self) -> Value {
                match self {
                    $(Self::$kind(row) => row.render(),)*
                }
            }

            pub fn account(&self) -> Option<String> {
                match self {
                    $(Self::$kind(row) => row.account().map(str::to_owned),)*
                }
            }
        }

        /// One change of the state, as the ledger keeps it.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Change {
            $($kind($row),)*
            Event(Event),
            Answer(Box<Answer>),
            BillingSettings(crate::control::billing::Settings),
            /// `target` has heard of `event`, or is given up on.
            Delivered {
                event: String,
                target: String,
            },
        }

        impl From<Snapshot> for Change {
            fn from(object: Snapshot) -> Self {
                match object {
                    $(Snapshot::$kind(row) => Self::$kind(row),)*
                }
            }
        }

        #[derive(Debug, Default)]
        pub struct State {
            $(pub $table: Table<$row>,)*
            pub events: Table<Event>,
            pub billing: crate::control::billing::Settings,
            answers: HashMap<String, Answer>,
            in_flight: HashSet<String>,
            undelivered: HashMap<String, HashSet<String>>,
            sweep_at: usize,
        }

        impl State {
            pub fn apply(&mut self, change: Change) {
                match change {
                    $(Change::$kind(row) => self.$table.put(row),)*
                    Change::BillingSettings(settings) => self.billing = settings,
                    Change::Event(row) => self.keep_event(row),
                    Change::Answer(answer) => {
                        self.answers.insert(answer.scope.clone(), *answer);
                        self.forget_old_answers();
                    }
                    Change::Delivered { event, target } => self.mark_delivered(&event, &target),
                }
            }

            /// The object an id names, as `account` sees it.
            pub fn find(&self, account: Option<&str>, id: &str) -> Option<Value> {
                $(if let Ok(row) = self.$table.get(account, id) {
                    return Some(row.render());
                })*
                None
            }
        }
    };
}

objects! {
    Customer(Customer) in customers,
    PaymentMethod(PaymentMethod) in payment_methods,
    Intent(Intent) in intents,
    Charge(Charge) in charges,
    Refund(Refund) in refunds,
    Endpoint(Endpoint) in endpoints,
    Product(Product) in products,
    Price(Price) in prices,
    Meter(Meter) in meters,
    Usage(Usage) in usage,
    Subscription(Subscription) in subscriptions,
    InvoiceItem(InvoiceItem) in invoice_items,
    Invoice(Invoice) in invoices,
    BalanceTransaction(BalanceTransaction) in balance_transactions,
    Session(Session) in sessions,
    SetupIntent(SetupIntent) in setup_intents,
    Clock(Clock) in clocks,
    PortalConfiguration(portal::Configuration) in portal_configurations,
    PortalSession(portal::Session) in portal_sessions,
    Account(Account) in accounts,
    AccountLink(AccountLink) in account_links,
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

/// What is known about an idempotency key.
pub enum Known {
    Nothing,
    Running,
    OtherParameters,
    Answered(Box<Answer>),
}

impl State {
    fn keep_event(&mut self, event: Event) {
        if !event.targets.is_empty() {
            self.undelivered.insert(event.id.clone(), event.targets.iter().cloned().collect());
        }
        self.events.put(event);
    }

    fn mark_delivered(&mut self, event: &str, target: &str) {
        if let Some(targets) = self.undelivered.get_mut(event) {
            targets.remove(target);
            if targets.is_empty() {
                self.undelivered.remove(event);
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
