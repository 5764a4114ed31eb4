//! Controls for billing: the settings that Stripe keeps in its dashboard, and the clocks of tests.

use std::sync::Arc;

use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ok, problem};
use crate::clocks::{self, Clock};
use crate::customers::Customer;
use crate::error::ApiError;
use crate::form::Params;
use crate::ids::{new_id, now};
use crate::invoices::Invoice;
use crate::server::Reply;
use crate::state::{Change, State, Tx};
use crate::subscriptions::Subscription;
use crate::table::Row as _;
use crate::world::World;
use crate::{accounts, sessions};

/// What becomes of a subscription when the last retry failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRetries {
    Canceled,
    Unpaid,
    PastDue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many days after an attempt the next one follows.
    pub retry_days: Vec<i64>,
    pub after_retries: AfterRetries,
    /// How many days before it a renewal is announced; none at 0.
    pub upcoming_days: i64,
    /// The clock that new customers live by who name none.
    pub test_clock: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { retry_days: vec![3, 5, 7], after_retries: AfterRetries::Unpaid, upcoming_days: 7, test_clock: None }
    }
}

pub async fn answer(world: &Arc<World>, method: &str, steps: &[&str], body: &Bytes) -> Option<Reply> {
    Some(match (method, steps) {
        ("GET", ["billing"]) => Reply::json(200, world.with_state(|state| books(state)).to_string()),
        ("GET", ["billing", "settings"]) => ok(&json!(world.with_state(|state| state.billing.clone()))),
        ("POST", ["billing", "settings"]) => set(world, body).await,
        ("POST", ["customers", id, "test_clock"]) => {
            let sent: Value = serde_json::from_slice(body).unwrap_or_default();
            told(world.act(|tx| attach(tx, id, sent["clock"].as_str())).await)
        }
        ("POST", ["checkout_sessions", id, "complete"]) => match Params::of_json(body) {
            Some(said) => told(world.act(|tx| sessions::complete(tx, id, &said)).await.map(|done| done.render())),
            None => problem(400, "send {\"card\": \"pm_card_visa\"}"),
        },
        ("POST", ["accounts", id, "complete"]) => {
            told(world.act(|tx| accounts::complete(tx, id, false)).await.map(|account| account.render()))
        }
        ("POST", ["tick"]) => told(world.act(|tx| Ok(tick(tx))).await),
        _ => return None,
    })
}

fn told(result: Result<Value, ApiError>) -> Reply {
    match result {
        Ok(value) => ok(&value),
        Err(error) => Reply::json(error.status, error.render("").to_string()),
    }
}

async fn set(world: &Arc<World>, body: &Bytes) -> Reply {
    let settings = match serde_json::from_slice::<Settings>(body) {
        Ok(settings) => settings,
        Err(error) => return problem(400, &error.to_string()),
    };
    if settings.retry_days.len() > 8 || settings.retry_days.iter().any(|days| !(1..=30).contains(days)) {
        return problem(400, "retry_days holds at most eight numbers of days from 1 to 30");
    }
    told(
        world
            .act(|tx| {
                if let Some(clock) = &settings.test_clock {
                    tx.state.clocks.get(None, clock)?;
                }
                tx.put(Change::BillingSettings(settings.clone()));
                Ok(json!(settings))
            })
            .await,
    )
}

/// Lets a customer, with all it has, live by a test clock from here on: by `clock`, or by a new one.
fn attach(tx: &mut Tx<'_>, id: &str, clock: Option<&str>) -> Result<Value, ApiError> {
    let customer =
        tx.state.customers.any(id).cloned().ok_or_else(|| ApiError::not_found("customer", id, "customer"))?;
    let clock = match clock {
        Some(clock) => tx.state.clocks.get(customer.account.as_deref(), clock)?.clone(),
        None => Clock {
            id: new_id("clock"),
            account: customer.account.clone(),
            created: now(),
            frozen_time: now(),
            target: None,
            name: customer.email.clone(),
            deleted: false,
        },
    };
    tx.put(Change::Clock(clock.clone()));
    let on = Some(clock.id.clone());
    let subscriptions: Vec<Subscription> =
        tx.state.subscriptions.iter().filter(|row| row.customer == id).cloned().collect();
    let invoices: Vec<Invoice> = tx.state.invoices.iter().filter(|row| row.customer == id).cloned().collect();
    for subscription in subscriptions {
        tx.put(Change::Subscription(Subscription { clock: on.clone(), ..subscription }));
    }
    for invoice in invoices {
        tx.put(Change::Invoice(Invoice { clock: on.clone(), ..invoice }));
    }
    tx.put(Change::Customer(Customer { clock: on, ..customer }));
    Ok(clock.render())
}

/// Does what is due by the machine's time.
pub fn tick(tx: &mut Tx<'_>) -> Value {
    clocks::run(tx, None, now());
    json!({ "events": tx.events.len() })
}

/// What was billed and what was paid, whatever anybody was told.
fn books(state: &State) -> Value {
    let invoices: Vec<Value> = state
        .invoices
        .iter()
        .map(|invoice| {
            json!({
                "id": invoice.id, "customer": invoice.customer, "subscription": invoice.subscription,
                "status": invoice.status.word(), "number": invoice.number, "total": invoice.total(),
                "amount_due": invoice.amount_due, "amount_paid": invoice.amount_paid, "currency": invoice.currency,
            })
        })
        .collect();
    let subscriptions: Vec<Value> = state.subscriptions.iter().map(|row| row.render()).collect();
    let customers: Vec<Value> = state
        .customers
        .iter()
        .map(|customer| json!({ "id": customer.id, "email": customer.email, "balance": customer.balance }))
        .collect();
    json!({ "customers": customers, "subscriptions": subscriptions, "invoices": invoices })
}
