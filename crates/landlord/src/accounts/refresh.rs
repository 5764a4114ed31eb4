//! Trade a refresh token for new tokens.

use kernel::db::retrying;
use kernel::origin::Origin;
use kernel::secret;
use serde::Deserialize;
use serde_json::json;

use super::db::{self, Spent};
use super::{AccountError, Grant, Tokens};
use crate::audit::{self, Act};
use crate::mails::kinds::AccountMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

/// What a client shows to get new tokens.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The latest refresh token of the session.
    #[garde(length(bytes, min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    pub refresh_token: String,
}

/// Gives new tokens for a refresh token that was never used.
///
/// One that was used before revokes its session, for one of the two who have it is a thief. Within ten seconds it is
/// only refused: that is a client that sent the same request twice.
pub async fn refresh(landlord: &Landlord, origin: &Origin, request: &Refresh) -> Result<Tokens, AccountError> {
    let grant = retrying(|| rotate(landlord, origin, &request.refresh_token)).await?;
    let (grant, token) = grant.ok_or(AccountError::InvalidRefreshToken)?;
    Ok(landlord.keys.tokens(&grant, token)?)
}

async fn rotate(landlord: &Landlord, origin: &Origin, token: &str) -> Result<Option<(Grant, String)>, AccountError> {
    let settings = &landlord.settings;
    let hash = secret::hash(token);
    let mut tx = landlord.db.begin().await?;

    let Some(session) = db::spend(&mut tx, &hash).await? else {
        if let Some(Spent { session, account }) = db::spent_long_ago(&mut tx, &hash).await?
            && db::revoke(&mut tx, session, "a refresh token was used twice").await?
        {
            let act = Act {
                action: "session.revoked",
                tenant: None,
                account: Some(account),
                data: json!({"session": session, "reason": "a refresh token was used twice"}),
            };
            audit::note(&mut tx, origin, &act).await?;
            if let Some(owner) = db::lock(&mut tx, account).await? {
                let mail = NewMail::new(owner.email, AccountMail::SessionStolen).for_account(account);
                mails::enqueue(&mut tx, origin, mail).await?;
            }
        }
        tx.commit().await?;
        return Ok(None);
    };
    let Some(account) = db::touch(&mut tx, session).await? else { return Ok(None) };
    let next = secret::random();
    db::insert_refresh(&mut tx, session, &secret::hash(&next), settings.refresh_days).await?;
    tx.commit().await?;
    Ok(Some((Grant::new(account, session, landlord.clock.now(), settings.access_minutes), next)))
}
