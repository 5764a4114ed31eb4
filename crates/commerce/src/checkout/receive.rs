//! Receive what the payment provider sends: verify, keep, process.

use axum::http::StatusCode;
use kernel::id::TenantId;
use kernel::origin::Actor;
use kernel::problem::Problem;
use stripe_gateway::webhook::{self, Event};

use super::CheckoutError;
use super::settle::settle;
use crate::jobs::{self, Due, Kind, NewJob};
use crate::payments::{self, Asked, PaymentId, Received, Report};
use crate::refunds;
use crate::shop::Shop;

/// How soon a message that was kept, but not processed, is tried again.
const RETRY: std::time::Duration = std::time::Duration::from_secs(15);

/// Takes a message. It is kept before anything else happens with it; once kept, it is accepted, and what goes wrong
/// after that is tried again by a job.
pub async fn receive(shop: &Shop, payload: &[u8], signature: &str) -> Result<(), Problem> {
    let event = verify(shop, payload, signature)?;
    let text = std::str::from_utf8(payload).map_err(|_| refused("the body is not UTF-8"))?;
    let origin = shop.origin.clone().acting(Actor::Provider).caused_by(&event.id);
    let shop = Shop { origin, ..shop.clone() };
    let received = keep(&shop, &event, text).await.map_err(|error| {
        if matches!(error, payments::PaymentError::OtherBody) {
            tracing::error!(event = "webhook.body_differs", tenant = %shop.slug, event_id = event.id, "an event id came again with another body");
        }
        Problem::from(error)
    })?;
    if !received.processed
        && let Err(error) = process(&shop, &event, received.id).await
    {
        tracing::warn!(tenant = %shop.slug, event_id = event.id, %error, "message kept, to be processed later");
    }
    Ok(())
}

/// The tenant that a verified message is for, by the metadata that we gave the payment. It only says where to look:
/// what the message may do is decided there, by our own records.
pub fn tenant_of(
    secrets: &[String],
    payload: &[u8],
    signature: &str,
    now_unix: i64,
) -> Result<Option<TenantId>, Problem> {
    let event = webhook::verify(payload, signature, secrets, now_unix).map_err(forged)?;
    let named = event.object.get("metadata").and_then(|names| names.get("souk_tenant")?.as_str()?.parse().ok());
    Ok(named)
}

fn verify(shop: &Shop, payload: &[u8], signature: &str) -> Result<Event, Problem> {
    webhook::verify(payload, signature, &shop.platform.webhook_secrets, shop.clock.now().timestamp()).map_err(forged)
}

fn forged(error: webhook::WebhookError) -> Problem {
    kernel::metrics::webhook_refused();
    tracing::error!(event = "webhook.invalid_signature", %error, "a webhook was refused");
    refused("the message is not signed by the payment provider, or too old")
}

fn refused(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "webhook.invalid_signature", detail)
}

async fn keep(shop: &Shop, event: &Event, payload: &str) -> Result<Received, payments::PaymentError> {
    let mut tx = shop.db.begin().await?;
    let received = payments::receive(&mut tx, event, payload).await?;
    if !received.processed && (is_about_payments(event) || refunds::is_about_refunds(event)) {
        let request_id = shop.origin.request_id.clone();
        let job = NewJob { kind: Kind::ProcessProviderEvents, subject: shop.id.0, due: Due::In(RETRY), request_id };
        jobs::enqueue(&mut tx, shop, &[job]).await?;
    }
    tx.commit().await?;
    Ok(received)
}

fn is_about_payments(event: &Event) -> bool {
    event.kind.starts_with("payment_intent.")
}

async fn process(shop: &Shop, event: &Event, row: i64) -> Result<(), CheckoutError> {
    let outcome = apply(shop, event).await?;
    let mut tx = shop.db.begin().await?;
    payments::finish_event(&mut tx, row, outcome).await?;
    tx.commit().await?;
    Ok(())
}

async fn apply(shop: &Shop, event: &Event) -> Result<&'static str, CheckoutError> {
    if refunds::is_about_refunds(event) {
        return Ok(refunds::hear(shop, event).await?);
    }
    let Some(intent) = event.intent().filter(|_| is_about_payments(event)) else { return Ok("ignored") };
    let named: Option<PaymentId> = intent.metadata.get("souk_payment").and_then(|id| id.parse().ok());
    let mut tx = shop.db.begin().await?;
    let place = payments::place(&mut tx, named, &intent.id).await?;
    tx.commit().await?;
    let Some((payment, _)) = place else { return Ok("not_ours") };
    let mut report = Report::of(intent, event.account.clone());
    report.livemode = event.livemode;
    settle(shop, payment, Asked::Report(report)).await?;
    Ok("applied")
}

/// Processes messages that were kept and not yet processed. Returns how many. One that fails does not stop the others;
/// the last failure is told when all had their turn.
pub async fn process_open_events(shop: &Shop) -> Result<usize, CheckoutError> {
    let shop = Shop { origin: shop.origin.clone().acting(Actor::Provider), ..shop.clone() };
    let mut tx = shop.db.begin().await?;
    let open = payments::open_events(&mut tx, 100).await?;
    tx.commit().await?;
    let count = open.len();
    let mut outcome = Ok(count);
    for received in open {
        match Event::parse(received.payload.as_bytes()) {
            Some(event) => {
                let origin = shop.origin.clone().caused_by(&event.id);
                if let Err(error) = process(&Shop { origin, ..shop.clone() }, &event, received.id).await {
                    tracing::warn!(tenant = %shop.slug, event_id = event.id, %error, "message still not processed");
                    outcome = Err(error);
                }
            }
            None => {
                let mut tx = shop.db.begin().await?;
                payments::finish_event(&mut tx, received.id, "unreadable").await?;
                tx.commit().await?;
            }
        }
    }
    outcome
}
