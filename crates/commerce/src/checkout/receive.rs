//! Receive what the payment provider sends: verify, keep, process.

use axum::http::StatusCode;
use kernel::db::TenantTx;
use kernel::id::TenantId;
use kernel::origin::Actor;
use kernel::problem::Problem;
use stripe_gateway::webhook::{self, Event};

use super::CheckoutError;
use super::hold::{Whose, hold};
use super::settle::follow;
use crate::events;
use crate::jobs::{self, Due, Kind, NewJob};
use crate::payments::{self, Asked, Kept, PaymentError, Report};
use crate::refunds;
use crate::shop::Shop;

/// How soon a message that was kept, but not processed, is tried again.
const RETRY: std::time::Duration = std::time::Duration::from_secs(15);

/// Takes a message. When all goes well it is kept and processed in one transaction. When it does not, it is at least
/// kept before it is accepted, and a job tries again.
pub async fn receive(shop: &Shop, payload: &[u8], signature: &str) -> Result<(), Problem> {
    let event = verify(shop, payload, signature)?;
    let text = std::str::from_utf8(payload).map_err(|_| refused("the body is not UTF-8"))?;
    let shop = caused(&Shop { origin: shop.origin.clone().acting(Actor::Provider), ..shop.clone() }, &event);
    let taken = match kernel::db::retrying(|| take(&shop, &event, text)).await {
        Err(error @ CheckoutError::Payment(PaymentError::OtherBody)) => Err(error),
        Err(error) => {
            tracing::warn!(tenant = %shop.slug, event_id = event.id, %error, "message kept, to be processed later");
            put_off(&shop, &event, text).await
        }
        Ok(()) => Ok(()),
    };
    taken.map_err(|error| {
        if matches!(error, CheckoutError::Payment(PaymentError::OtherBody)) {
            tracing::error!(event = "webhook.body_differs", tenant = %shop.slug, event_id = event.id, "an event id came again with another body");
        }
        Problem::from(error)
    })
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

/// Keeps a message as processed, and processes it: both or neither. A message about a refund is kept first, since it
/// may need more than one transaction, and with it the job that goes on should we not.
async fn take(shop: &Shop, event: &Event, payload: &str) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin_routine().await?;
    if refunds::is_about_refunds(event) {
        let row = match payments::keep(&mut tx, event, payload, None).await? {
            Kept::New(row) | Kept::Open(row) => row,
            Kept::Done => return Ok(()),
        };
        process_later(&mut tx, shop, RETRY).await?;
        tx.commit().await?;
        return process(shop, event, row).await;
    }
    let about_payments = is_about_payments(event);
    let outcome = if about_payments { "applied" } else { "ignored" };
    match payments::keep(&mut tx, event, payload, Some(outcome)).await? {
        Kept::Done => return Ok(()),
        Kept::New(row) if about_payments => {
            if !apply(&mut tx, shop, event).await? {
                payments::finish_event(&mut tx, row, "not_ours").await?;
            }
        }
        Kept::New(_) => {}
        Kept::Open(row) => {
            let outcome = if apply(&mut tx, shop, event).await? { outcome } else { "not_ours" };
            payments::finish_event(&mut tx, row, outcome).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps a message that could not be processed, and has a job try again.
async fn put_off(shop: &Shop, event: &Event, payload: &str) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    if payments::keep(&mut tx, event, payload, None).await? != Kept::Done {
        process_later(&mut tx, shop, RETRY).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn process_later(tx: &mut TenantTx, shop: &Shop, delay: std::time::Duration) -> Result<(), CheckoutError> {
    let request_id = shop.origin.request_id.clone();
    let job = NewJob { kind: Kind::ProcessProviderEvents, subject: shop.id.0, due: Due::In(delay), request_id };
    Ok(jobs::enqueue(tx, shop, &[job]).await?)
}

fn is_about_payments(event: &Event) -> bool {
    event.kind.starts_with("payment_intent.")
}

/// Carries a payment's news over to its purchase. False: it is none of ours.
async fn apply(tx: &mut TenantTx, shop: &Shop, event: &Event) -> Result<bool, CheckoutError> {
    let Some(intent) = event.intent().filter(|_| is_about_payments(event)) else { return Ok(false) };
    let named = payments::named(&intent);
    let Some(mut held) = hold(tx, Whose::Reported { provider_ref: &intent.id, named }).await? else {
        let ours = match named {
            Some(named) => payments::read(tx, named).await?.is_some(),
            None => false,
        };
        // A payment of ours without its purchase is not somebody else's.
        return if ours { Err(CheckoutError::NotFound) } else { Ok(false) };
    };
    // Whoever brings the provider's word, it belongs to the purchase.
    let shop = &shop.correlated(held.correlation.take());
    let mut report = Report::of(intent, event.account.clone());
    report.livemode = event.livemode;
    let (_, told) = follow(tx, shop, &mut held, &Asked::Report(report)).await?;
    events::tell(tx, shop, &told).await?;
    Ok(true)
}

/// Processes a message that is kept.
async fn process(shop: &Shop, event: &Event, row: i64) -> Result<(), CheckoutError> {
    kernel::db::retrying(|| async {
        let heard = if refunds::is_about_refunds(event) { Some(refunds::hear(shop, event).await?) } else { None };
        let mut tx = shop.db.begin().await?;
        let outcome = match heard {
            Some(outcome) => outcome,
            None if !is_about_payments(event) => "ignored",
            None if apply(&mut tx, shop, event).await? => "applied",
            None => "not_ours",
        };
        payments::finish_event(&mut tx, row, outcome).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
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
        let result = match Event::parse(received.payload.as_bytes()) {
            Some(event) => process(&caused(&shop, &event), &event, received.id).await,
            None => finish(&shop, received.id, "unreadable").await,
        };
        if let Err(error) = result {
            let dead = fail(&shop, received.id, &error).await?;
            if dead {
                tracing::error!(event = "webhook.dead", tenant = %shop.slug, row = received.id, %error, "a message of the provider's is put aside; a person must look at it");
            } else {
                tracing::warn!(tenant = %shop.slug, row = received.id, %error, "message still not processed");
                outcome = Err(error);
            }
        }
    }
    outcome
}

/// The same store, for what follows from a message.
fn caused(shop: &Shop, event: &Event) -> Shop {
    Shop { origin: shop.origin.clone().caused_by(&event.id), ..shop.clone() }
}

async fn finish(shop: &Shop, row: i64, outcome: &str) -> Result<(), CheckoutError> {
    let mut tx = shop.db.begin().await?;
    payments::finish_event(&mut tx, row, outcome).await?;
    tx.commit().await?;
    Ok(())
}

async fn fail(shop: &Shop, row: i64, error: &CheckoutError) -> Result<bool, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    let dead = payments::fail_event(&mut tx, row, &text).await?;
    tx.commit().await?;
    Ok(dead)
}

/// Processes a message again that was put aside; one that was processed changes nothing. Returns its outcome.
pub async fn replay(shop: &Shop, event_id: &str) -> Result<&'static str, CheckoutError> {
    let mut tx = shop.db.begin().await?;
    let received = payments::reopen_event(&mut tx, event_id).await?;
    if received.processed {
        return Ok("processed");
    }
    let row = received.id;
    process_later(&mut tx, shop, RETRY).await?;
    tx.commit().await?;
    let acting = Shop { origin: shop.origin.clone().acting(Actor::Provider), ..shop.clone() };
    match Event::parse(received.payload.as_bytes()) {
        Some(event) => match process(&caused(&acting, &event), &event, row).await {
            Ok(()) => Ok("processed"),
            Err(error) => {
                fail(shop, row, &error).await?;
                Ok("open")
            }
        },
        None => {
            finish(shop, row, "unreadable").await?;
            Ok("processed")
        }
    }
}
