//! Look at one's sessions, and end them.

use kernel::db::LandlordTx;
use kernel::origin::Origin;
use serde_json::json;

use super::{AccountError, SessionId, SessionView, db};
use crate::access::Account;
use crate::audit::{self, Act};

/// One's living sessions, the newest first.
pub async fn sessions_of(
    tx: &mut LandlordTx,
    account: &Account,
    after: Option<SessionId>,
    limit: i64,
) -> sqlx::Result<Vec<SessionView>> {
    db::sessions_of(tx, account.id, account.session, after, limit).await
}

/// Ends one of one's sessions.
pub async fn end_session(
    tx: &mut LandlordTx,
    origin: &Origin,
    account: &Account,
    session: SessionId,
) -> Result<(), AccountError> {
    if !db::revoke_own(tx, account.id, session, "ended by its owner").await? {
        return Err(AccountError::NotFound);
    }
    let data = json!({"session": session});
    let act = Act { action: "session.revoked", tenant: None, account: Some(account.id), data };
    audit::note(tx, origin, &act).await?;
    Ok(())
}

/// Ends all of one's sessions but this one.
pub async fn end_other_sessions(tx: &mut LandlordTx, origin: &Origin, account: &Account) -> sqlx::Result<()> {
    let ended = db::revoke_others(tx, account.id, account.session, "ended by its owner").await?;
    let data = json!({"ended": ended});
    let act = Act { action: "session.others_revoked", tenant: None, account: Some(account.id), data };
    audit::note(tx, origin, &act).await
}
