//! Keep what the provider sends, raw and first; then see that each message is processed once.

use kernel::db::TenantTx;
use sha2::{Digest, Sha256};
use stripe_gateway::webhook::Event;

use super::db::events as db;
use super::{PaymentError, PaymentId};

/// Tries before a message is put aside.
const TRIES: i32 = 20;

/// A stored message.
#[derive(Debug, Clone)]
pub struct Received {
    /// Row.
    pub id: i64,
    /// What was sent, as it was sent.
    pub payload: String,
    /// Has it been processed?
    pub processed: bool,
}

/// How a message came to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is new, and stored in this transaction.
    New(i64),
    /// It was stored before, and is still to be processed.
    Open(i64),
    /// It was processed before.
    Done,
}

/// Stores a verified message; with `outcome`, as one that this transaction processes. The same id with another body is
/// refused.
pub async fn keep(
    tx: &mut TenantTx,
    event: &Event,
    payload: &str,
    outcome: Option<&str>,
) -> Result<Kept, PaymentError> {
    let digest: [u8; 32] = Sha256::digest(payload.as_bytes()).into();
    if let Some(id) = db::insert_event(tx, event, payload, &digest, outcome).await? {
        return Ok(Kept::New(id));
    }
    let (id, stored, processed) = db::event(tx, &event.id).await?.ok_or(PaymentError::Changed)?;
    if stored != digest {
        return Err(PaymentError::OtherBody);
    }
    Ok(if processed { Kept::Done } else { Kept::Open(id) })
}

/// Notes that a message is processed, and with what outcome.
pub async fn finish_event(tx: &mut TenantTx, id: i64, outcome: &str) -> Result<(), PaymentError> {
    db::finish_event(tx, id, outcome).await
}

/// Notes that a message could not be processed. True when it is put aside for that: it failed too often.
pub async fn fail_event(tx: &mut TenantTx, id: i64, error: &str) -> Result<bool, PaymentError> {
    db::fail_event(tx, id, error, TRIES).await
}

/// Messages that were stored and not processed, the oldest first.
pub async fn open_events(tx: &mut TenantTx, limit: i64) -> Result<Vec<Received>, PaymentError> {
    db::open_events(tx, limit).await
}

/// A stored message, opened again if it had been put aside.
pub async fn reopen_event(tx: &mut TenantTx, event_id: &str) -> Result<Received, PaymentError> {
    db::reopen_event(tx, event_id).await?.ok_or(PaymentError::NoEvent)
}

/// The payment that an intent's metadata names.
pub fn named(intent: &stripe_gateway::Intent) -> Option<PaymentId> {
    intent.metadata.get("souk_payment").and_then(|id| id.parse().ok())
}
