//! The life of one API request: faults, idempotency, execution, ledger, webhooks, answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::deliveries;
use crate::error::ApiError;
use crate::events::API_VERSION;
use crate::faults::{Fault, Subject};
use crate::ids::now;
use crate::request::{Ask, new_request_id};
use crate::routes;
use crate::server::{Answered, HungUp, Reply};
use crate::state::{Answer, Body, Change, Known};
use crate::world::World;

/// Holds an idempotency key while its request runs.
struct Running {
    world: Arc<World>,
    scope: String,
    fingerprint: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.world.with_state(|state| state.release(&self.scope));
    }
}

pub async fn answer(world: Arc<World>, head: Parts, body: Bytes) -> Answered {
    let request_id = new_request_id();
    let version = head.headers.get("stripe-version").and_then(|value| value.to_str().ok()).unwrap_or(API_VERSION);
    let version = version.to_owned();
    let reply = match Ask::read(&world, &head, &body, request_id.clone()) {
        Ok(ask) => attend(&world, ask).await?,
        Err(error) => refuse(&error, &request_id),
    };
    let reply = if reply.has("request-id") { reply } else { reply.with("request-id", &request_id) };
    Ok(reply.with("stripe-version", &version))
}

async fn attend(world: &Arc<World>, ask: Ask) -> Answered {
    let faults = faults(world, &ask);
    if faults.contains(&Fault::DropRequest) {
        return Err(HungUp);
    }
    for fault in &faults {
        if let Fault::RateLimited(seconds) = fault {
            let message = "Request rate limit exceeded.";
            let error = ApiError::new(429, "invalid_request_error", Some("rate_limit"), message);
            return Ok(refuse(&error, &ask.request_id).with("retry-after", &seconds.to_string()));
        }
    }

    let running = match take_key(world, &ask) {
        Ok(running) => running,
        Err(reply) => return Ok(*reply),
    };
    for fault in &faults {
        if let Fault::DelayBefore(pause) = fault {
            tokio::time::sleep(*pause).await;
        }
    }

    let (reply, batches) = execute(world, &ask, &faults, running.as_ref()).await;
    for batch in batches {
        if faults.contains(&Fault::WebhookBeforeReply) {
            let now = deliveries::Batch { due: Instant::now(), ..batch };
            if let Some(rest) = deliveries::deliver(world, now).await {
                world.deliveries.push(rest);
            }
        } else {
            world.deliveries.push(batch);
        }
    }
    for fault in &faults {
        if let Fault::DelayAfter(pause) = fault {
            tokio::time::sleep(*pause).await;
        }
    }
    drop(running);
    if faults.contains(&Fault::DropReply) {
        return Err(HungUp);
    }
    if faults.contains(&Fault::Garbage) {
        return Ok(Reply::json(200, "{\"id\": \"pi_".to_owned()));
    }
    let key = ask.idempotency_key.filter(|key| key.is_ascii());
    Ok(match key {
        Some(key) => reply.with("idempotency-key", &key),
        None => reply,
    })
}

/// Executes, commits and waits until the ledger has it.
async fn execute(
    world: &Arc<World>,
    ask: &Ask,
    faults: &[Fault],
    running: Option<&Running>,
) -> (Reply, Vec<deliveries::Batch>) {
    let broken = faults.iter().any(|fault| matches!(fault, Fault::ErrorExecuted | Fault::ErrorNotExecuted));
    let committed = world.commit(
        faults,
        |tx| {
            tx.request_id = Some(ask.request_id.clone());
            tx.idempotency_key.clone_from(&ask.idempotency_key);
            if faults.contains(&Fault::ErrorNotExecuted) {
                Err(ApiError::internal())
            } else if faults.contains(&Fault::SearchLags) && ask.steps().last() == Some(&"search") {
                Ok(Body::json(&json!({
                    "object": "search_result", "url": "/v1/payment_intents/search", "has_more": false, "data": [],
                    "next_page": null, "total_count": 0,
                })))
            } else {
                routes::execute(tx, ask)
            }
        },
        |result| {
            let running = running?;
            let (status, body) = match result {
                Ok(_) if broken => failed(&ApiError::internal(), ask),
                Ok(body) => (200, body.clone()),
                Err(error) if error.executed => failed(error, ask),
                Err(_) => return None,
            };
            Some(Change::Answer(Box::new(Answer {
                scope: running.scope.clone(),
                fingerprint: running.fingerprint.clone(),
                at: now(),
                request_id: ask.request_id.clone(),
                status,
                body,
            })))
        },
    );
    let settled = match committed {
        Ok((result, commit)) => world.settle(commit).await.map(|batches| (result, batches)),
        Err(error) => Err(error),
    };
    match settled {
        Ok((Ok(_), batches)) if broken => (refuse(&ApiError::internal(), &ask.request_id), batches),
        Ok((Ok(body), batches)) => (Reply::json(200, body.text()), batches),
        Ok((Err(error), batches)) => (refuse(&error, &ask.request_id), batches),
        Err(error) => (refuse(&error, &ask.request_id), Vec::new()),
    }
}

/// The key for this request alone, or the answer that its earlier use calls for.
fn take_key(world: &Arc<World>, ask: &Ask) -> Result<Option<Running>, Box<Reply>> {
    let Some(key) = ask.idempotency_key.as_ref().filter(|_| ask.method == "POST") else { return Ok(None) };
    let scope = format!("{}/{key}", ask.account.as_deref().unwrap_or_default());
    let digest = Sha256::digest(format!("{} {}\n{}", ask.method, ask.path, ask.params.canonical()));
    let fingerprint: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    match world.with_state(|state| state.begin(&scope, &fingerprint)) {
        Known::Nothing => Ok(Some(Running { world: Arc::clone(world), scope, fingerprint })),
        Known::Answered(answer) => Err(Box::new(
            Reply::json(answer.status, answer.body.text())
                .with("idempotent-replayed", "true")
                .with("original-request", &answer.request_id)
                .with("request-id", &answer.request_id),
        )),
        Known::OtherParameters => {
            let message = format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
                 using a key other than '{key}' if you meant to execute a different request."
            );
            Err(Box::new(refuse(&ApiError::new(400, "idempotency_error", None, &message), &ask.request_id)))
        }
        Known::Running => {
            let message = "There is currently another in-progress request using this Idempotent Key (that probably \
                           means you submitted twice, and the other request is still going through).";
            let error = ApiError::new(409, "idempotency_error", Some("idempotency_key_in_use"), message);
            Err(Box::new(refuse(&error, &ask.request_id)))
        }
    }
}

fn faults(world: &World, ask: &Ask) -> Vec<Fault> {
    let mut sent = BTreeMap::new();
    // Malformed metadata is refused later, by the verb.
    let _ = ask.params.merge_metadata(&mut sent);
    let metadata = if sent.is_empty() { named_metadata(world, ask) } else { sent };
    let subject = Subject {
        method: &ask.method,
        path: &ask.path,
        idempotency_key: ask.idempotency_key.as_deref(),
        metadata: &metadata,
    };
    let mut faults = world.faults.take(&subject);
    faults.extend(ask.fault.as_deref().into_iter().flat_map(|list| list.split(',')).filter_map(|name| {
        let parsed = name.trim().parse::<Fault>();
        parsed.inspect_err(|error| tracing::warn!(%error, "fault ignored")).ok()
    }));
    faults
}

/// The metadata of the object a request is about.
fn named_metadata(world: &World, ask: &Ask) -> BTreeMap<String, String> {
    let steps = ask.steps();
    let id = ask.params.nested(&["payment_intent"]).or_else(|| steps.get(1).copied());
    let Some(id) = id else { return BTreeMap::new() };
    world.with_state(|state| {
        let of_intent = || state.intents.any(id).map(|intent| intent.metadata.clone());
        let of_subscription = || state.subscriptions.any(id).map(|subscription| subscription.metadata.clone());
        let of_customer = || state.customers.any(id).map(|customer| customer.metadata.clone());
        of_intent().or_else(of_subscription).or_else(of_customer).unwrap_or_default()
    })
}

fn failed(error: &ApiError, ask: &Ask) -> (u16, Body) {
    (error.status, Body::json(&error.render(&ask.request_id)))
}

fn refuse(error: &ApiError, request_id: &str) -> Reply {
    let reply = Reply::json(error.status, error.render(request_id).to_string());
    if error.status == StatusCode::UNAUTHORIZED.as_u16() {
        return reply.with("www-authenticate", "Basic realm=\"Stripe\"");
    }
    reply
}
