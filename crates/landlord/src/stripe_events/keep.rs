//! Keep a message.

use kernel::db::LandlordTx;
use sha2::{Digest, Sha256};

use super::outcome::LEASE;
use super::{Kept, NewEvent, db};

/// Keeps a message that is new, and leases it to whoever keeps it.
pub async fn keep(tx: &mut LandlordTx, event: &NewEvent<'_>) -> sqlx::Result<Kept> {
    let digest: [u8; 32] = Sha256::digest(event.payload).into();
    if let Some(id) = db::insert(tx, event, &digest, LEASE.as_secs_f64()).await? {
        return Ok(Kept::New(id));
    }
    Ok(match db::find(tx, &event.event_id).await? {
        Some((stored, _)) if stored != digest => Kept::OtherBody,
        Some((_, true)) => Kept::Done,
        Some((_, false)) | None => Kept::Open,
    })
}
