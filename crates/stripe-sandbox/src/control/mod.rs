//! The sandbox's own interface under `/sandbox/`: faults, the ground truth, deliveries.

pub mod billing;

use std::collections::HashMap;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::faults::Rule;
use crate::server::Reply;
use crate::state::State;
use crate::table::Row as _;
use crate::world::World;
use crate::{intents, refunds};

pub async fn answer(world: &Arc<World>, head: &Parts, body: &Bytes) -> Reply {
    let path = head.uri.path().trim_start_matches("/sandbox/");
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    match (head.method.as_str(), steps.as_slice()) {
        ("GET", ["faults"]) => ok(&json!({ "faults": world.faults.all() })),
        ("DELETE", ["faults"]) => {
            world.faults.clear();
            ok(&json!({ "faults": [] }))
        }
        ("POST", ["faults"]) => match serde_json::from_slice::<Rule>(body).map_err(|error| error.to_string()) {
            Ok(rule) => match world.faults.add(rule) {
                Ok(()) => ok(&json!({ "faults": world.faults.all() })),
                Err(error) => problem(400, &error),
            },
            Err(error) => problem(400, &error),
        },
        ("GET", ["ledger"]) => Reply::json(200, world.with_state(|state| truth(state)).to_string()),
        ("GET", ["deliveries"]) => {
            let undelivered = world.with_state(|state| state.undelivered_count());
            ok(&json!({ "undelivered": undelivered, "attempts": world.deliveries.attempts() }))
        }
        ("POST", ["billing_webhook"]) => {
            let sent: Value = serde_json::from_slice(body).unwrap_or_default();
            let target = sent["url"].as_str().zip(sent["secret"].as_str());
            world.set_billing_webhook(target.map(|(url, secret)| (url.to_owned(), secret.to_owned())));
            ok(&json!({ "url": sent["url"] }))
        }
        ("POST", ["signed_ahead"]) => {
            let sent: Value = serde_json::from_slice(body).unwrap_or_default();
            let Some(seconds) = sent["seconds"].as_i64() else { return problem(400, "seconds is a whole number") };
            world.set_signed_ahead(seconds);
            ok(&json!({ "seconds": seconds }))
        }
        ("POST", ["webhook_url"]) => {
            let sent: Value = serde_json::from_slice(body).unwrap_or_default();
            world.set_webhook_url(sent["url"].as_str().map(str::to_owned));
            ok(&json!({ "url": world.webhook_url() }))
        }
        ("POST", ["events", id, "resend"]) => {
            if world.resend(id) {
                ok(&json!({ "resent": id }))
            } else {
                problem(404, "there is no such event")
            }
        }
        ("POST", ["payment_intents", id, "expire"]) => lapse(world, id).await,
        ("POST", ["refunds", id, "fail"]) => end_refund(world, id, refunds::Status::Failed).await,
        ("POST", ["refunds", id, "succeed"]) => end_refund(world, id, refunds::Status::Succeeded).await,
        (method, steps) => match billing::answer(world, method, steps, body).await {
            Some(reply) => reply,
            None => problem(404, "the sandbox has no such control"),
        },
    }
}

async fn end_refund(world: &Arc<World>, id: &str, end: refunds::Status) -> Reply {
    match world.act(|tx| refunds::settle(tx, id, end)).await {
        Ok(refund) => ok(&refund.render()),
        Err(error) => problem(error.status, &error.message),
    }
}

async fn lapse(world: &Arc<World>, id: &str) -> Reply {
    match world.act(|tx| intents::lapse(tx, id)).await {
        Ok(intent) => ok(&intent.render()),
        Err(error) => problem(error.status, &error.message),
    }
}

/// What really happened, whatever anybody was told.
fn truth(state: &State) -> Value {
    let mut refunded: HashMap<&str, i64> = HashMap::new();
    for refund in state.refunds.iter().filter(|refund| refund.status != refunds::Status::Failed) {
        *refunded.entry(&refund.intent).or_default() += refund.amount;
    }
    let intents: Vec<Value> = state
        .intents
        .iter()
        .map(|intent| {
            let refunded = refunded.get(intent.id.as_str()).copied().unwrap_or_default();
            json!({
                "id": intent.id, "account": intent.account, "status": intent.status.word(), "amount": intent.amount,
                "amount_received": intent.amount_received, "refunded": refunded, "currency": intent.currency,
                "metadata": intent.metadata, "latest_charge": intent.latest_charge, "created": intent.created,
                "application_fee_amount": intent.application_fee_amount,
            })
        })
        .collect();
    let refunds: Vec<Value> = state
        .refunds
        .iter()
        .map(|refund| {
            let mut shown = refund.render();
            shown["account"] = json!(refund.account);
            shown
        })
        .collect();
    json!({ "intents": intents, "refunds": refunds, "events": state.events.len() })
}

fn ok(value: &Value) -> Reply {
    Reply::json(200, value.to_string())
}

fn problem(status: u16, message: &str) -> Reply {
    Reply::json(status, json!({ "error": message }).to_string())
}
