//! Receive what the provider sends: verify, keep, process.

use axum::http::StatusCode;
use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::{Actor, Origin};
use kernel::problem::Problem;
use serde_json::Value;
use sha2::{Digest, Sha256};
use stripe_gateway::webhook::{self, Event, TOLERANCE};

use super::{db, process};
use crate::platform::Landlord;
use crate::stripe_events::{self, Kept, NewEvent};

/// Takes a message. Once it is kept it is accepted, whatever becomes of it; what cannot be processed now is processed
/// later. A signed message that cannot be read is kept too.
pub async fn receive(landlord: &Landlord, origin: &Origin, payload: &[u8], signature: &str) -> Result<(), Problem> {
    let secrets = &landlord.settings.billing.webhook_secrets;
    let signed_at = webhook::signed_at(payload, signature, secrets).map_err(forged)?;
    let event = Event::parse(payload);
    let kept = keep(landlord, payload, event.as_ref(), signed_at).await?;
    match kept {
        Kept::New(row) => {
            let cause = event.as_ref().map_or_else(|| "unreadable".to_owned(), |event| event.id.clone());
            let origin = origin.clone().acting(Actor::Provider).caused_by(cause);
            process::first_try(landlord, &origin, row, payload).await;
            Ok(())
        }
        Kept::Open | Kept::Done => Ok(()),
        Kept::OtherBody => {
            let event_id = event.map(|event| event.id);
            tracing::error!(event = "webhook.body_differs", event_id, "an event id came again with another body");
            Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "webhook.body_differs",
                "this event was received before with another body",
            ))
        }
    }
}

async fn keep(landlord: &Landlord, payload: &[u8], event: Option<&Event>, signed_at: i64) -> Result<Kept, Problem> {
    let mut tx = landlord.db.begin().await.map_err(Problem::database)?;
    // By the database's clock, which all nodes share.
    let now = db::now(&mut tx).await.map_err(Problem::database)?;
    if now.abs_diff(signed_at) > TOLERANCE {
        return Err(forged(webhook::WebhookError::Stale));
    }
    let new = match event {
        Some(event) => NewEvent {
            event_id: event.id.clone(),
            kind: event.kind.clone(),
            created: Some(event.created),
            livemode: Some(event.livemode),
            account: event.account.clone(),
            api_version: event.api_version.clone(),
            object_id: text(&event.object, "id").map(str::to_owned),
            tenant: owner(&mut tx, &event.object).await.map_err(Problem::database)?,
            payload,
        },
        None => {
            tracing::error!(
                event = "webhook.unreadable",
                bytes = payload.len(),
                "a signed message cannot be read; it is kept"
            );
            let digest: String = Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect();
            NewEvent {
                event_id: format!("unreadable:{digest}"),
                kind: "unreadable".to_owned(),
                created: None,
                livemode: None,
                account: None,
                api_version: None,
                object_id: None,
                tenant: None,
                payload,
            }
        }
    };
    let kept = stripe_events::keep(&mut tx, &new).await.map_err(Problem::database)?;
    tx.commit().await.map_err(Problem::database)?;
    Ok(kept)
}

/// Whose it is, by the customer that it names. What may change is decided by our own records alone.
async fn owner(tx: &mut LandlordTx, object: &Value) -> sqlx::Result<Option<TenantId>> {
    match process::customer_of(object) {
        Some(customer) => db::tenant_of(tx, customer).await,
        None => Ok(None),
    }
}

/// Names; what holds control characters is none of the provider's, and no database takes a NUL.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str().filter(|text| text.len() <= 255 && !text.chars().any(char::is_control))
}

fn forged(error: webhook::WebhookError) -> Problem {
    kernel::metrics::webhook_refused();
    tracing::error!(event = "webhook.invalid_signature", %error, "a webhook was refused");
    let detail = "the message is not signed by the payment provider, or too old";
    Problem::new(StatusCode::BAD_REQUEST, "webhook.invalid_signature", detail)
}
