//! Keep what the provider sends, raw and first; then see that each message is processed once.

use kernel::db::TenantTx;
use sha2::{Digest, Sha256};
use stripe_gateway::webhook::Event;

use super::{PaymentError, db};

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

/// Stores a verified message. The same one again gives the same row; the same id with another body is refused.
pub async fn receive(tx: &mut TenantTx, event: &Event, payload: &str) -> Result<Received, PaymentError> {
    let digest: [u8; 32] = Sha256::digest(payload.as_bytes()).into();
    let inserted = db::insert_event(tx, &event.id, &event.kind, event.account.as_deref(), payload, &digest).await?;
    if let Some(id) = inserted {
        return Ok(Received { id, payload: payload.to_owned(), processed: false });
    }
    let (id, stored, processed) = db::event(tx, &event.id).await?.ok_or(PaymentError::Changed)?;
    if stored != digest {
        return Err(PaymentError::OtherBody);
    }
    Ok(Received { id, payload: payload.to_owned(), processed })
}

/// Notes that a message is processed, and with what outcome.
pub async fn finish_event(tx: &mut TenantTx, id: i64, outcome: &str) -> Result<(), PaymentError> {
    db::finish_event(tx, id, outcome).await
}

/// Messages that were stored and not processed, the oldest first.
pub async fn open_events(tx: &mut TenantTx, limit: i64) -> Result<Vec<Received>, PaymentError> {
    db::open_events(tx, limit).await
}
