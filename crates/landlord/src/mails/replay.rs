//! Send what was given up once more.

use kernel::db::LandlordTx;
use kernel::origin::Origin;
use serde_json::json;

use super::{MailError, MailId, db};
use crate::audit::{self, Act};

/// Puts one letter back into the queue.
pub async fn replay(tx: &mut LandlordTx, origin: &Origin, id: MailId) -> Result<(), MailError> {
    if !db::revive(tx, id).await? {
        return Err(if db::exists(tx, id).await? { MailError::NotDead } else { MailError::NotFound });
    }
    let act = Act { action: "mail.replayed", tenant: None, account: None, data: json!({"mail": id}) };
    audit::note(tx, origin, &act).await?;
    Ok(())
}

/// Puts everything that was given up back into the queue. Says how many.
pub async fn replay_all(tx: &mut LandlordTx, origin: &Origin) -> Result<u64, MailError> {
    let count = db::revive_all(tx).await?;
    let act = Act { action: "mail.all_replayed", tenant: None, account: None, data: json!({"count": count}) };
    audit::note(tx, origin, &act).await?;
    Ok(count)
}
