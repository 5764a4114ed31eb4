//! Open a session, and ask whether one still lives.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;
use kernel::secret;

use super::{AccessClaims, Grant, SessionId, TokenError, db};
use crate::access::Account;
use crate::platform::Landlord;

/// Opens a session with a new id and stores its first refresh token, hashed.
pub async fn open_session(
    tx: &mut LandlordTx,
    landlord: &Landlord,
    origin: &Origin,
    account: AccountId,
    second_factor: bool,
) -> sqlx::Result<Grant> {
    let session = SessionId::new();
    let settings = &landlord.settings;
    let life =
        db::Life { days: settings.refresh_absolute_days, admin_hours: settings.admin_session_hours, second_factor };
    db::insert_session(tx, session, account, origin, life).await?;
    let token = landlord.keys.first_refresh(session);
    db::insert_refresh(tx, session, &secret::hash(&token), settings.refresh_days).await?;
    Ok(Grant::new(account, session, landlord.clock.now(), settings.access_minutes))
}

/// Checks an access token's signature and time; whether its session still lives is another question.
pub fn verify_access(landlord: &Landlord, token: &str) -> Result<AccessClaims, TokenError> {
    landlord.keys.verify_access(token, landlord.clock.now())
}

/// Who acts, if the session was not revoked and the account not disabled: one query by primary key.
pub async fn session_alive(landlord: &Landlord, claims: &AccessClaims) -> sqlx::Result<Option<Account>> {
    let mut tx = landlord.db.begin().await?;
    let account = db::alive(&mut tx, claims.sid, claims.sub).await?;
    tx.commit().await?;
    Ok(account)
}
