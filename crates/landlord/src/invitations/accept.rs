//! Accept an invitation.

use kernel::db::retrying;
use kernel::id::{AccountId, TenantId};
use kernel::origin::{Actor, Origin};
use kernel::role::Role;
use kernel::secret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::db::{self, Found};
use super::{InvitationError, InvitationId};
use crate::access::Account;
use crate::accounts::{self, AccountError};
use crate::audit::{self, Act};
use crate::members::{self, MemberError};
use crate::platform::Landlord;

/// The link's token, and a password for who has no account yet.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// From the link in the letter.
    #[garde(length(bytes, min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    pub token: String,
    /// The password of the new account. Not when one is logged in.
    #[garde(length(bytes, max = 1024))]
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    pub password: Option<String>,
}

/// A store where one works from now on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Accepted {
    /// Who one is.
    pub account_id: AccountId,
    /// The store.
    pub tenant_id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its address.
    pub url: String,
    /// As what.
    pub role: Role,
}

/// What a link invites to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Looked {
    /// To whom the letter went.
    pub email: String,
    /// The store's name.
    pub store: String,
    /// As what.
    pub role: Role,
    /// Is there an account with the address? Then log in with it to accept.
    pub account_exists: bool,
}

/// Says what a link invites to; nothing changes.
pub async fn look(landlord: &Landlord, token: &str) -> Result<Looked, InvitationError> {
    let mut tx = landlord.db.begin().await?;
    let found = db::by_token(&mut tx, &secret::hash(token)).await?.ok_or(InvitationError::InvalidToken)?;
    let (_, store) = db::store(&mut tx, found.tenant).await?;
    tx.commit().await?;
    let account_exists = accounts::find(landlord, &found.email).await?.is_some();
    Ok(Looked { email: found.email.to_string(), store, role: found.role, account_exists })
}

/// Makes the caller a member: the account with the address that the letter went to, or a new one with it, whose address
/// the link has verified.
pub async fn accept(
    landlord: &Landlord,
    origin: &Origin,
    caller: Option<&Account>,
    request: &Accept,
) -> Result<Accepted, InvitationError> {
    let hash = secret::hash(&request.token);
    let mut tx = landlord.db.begin().await?;
    let found = db::by_token(&mut tx, &hash).await?.ok_or(InvitationError::InvalidToken)?;
    tx.commit().await?;
    let password = match caller {
        Some(account) if account.email != found.email.as_str() => return Err(InvitationError::OtherAddress),
        Some(_) => None,
        None => Some(new_password(landlord, &found, request).await?),
    };
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        members::lock(&mut tx, found.tenant).await?;
        let account = match (&password, caller) {
            (Some(hash), _) => {
                let made = accounts::create(&mut tx, &found.email, hash).await?;
                let made = made.ok_or(InvitationError::LoginRequired)?;
                accounts::note_verified(&mut tx, made, &found.email).await?;
                made
            }
            (None, Some(account)) => {
                accounts::note_verified(&mut tx, account.id, &found.email).await?;
                account.id
            }
            (None, None) => return Err(InvitationError::PasswordMissing),
        };
        if !db::accept(&mut tx, found.id, &hash, account).await? {
            return Err(InvitationError::InvalidToken);
        }
        if !members::add(&mut tx, found.tenant, account, found.role).await? {
            return Err(MemberError::Member.into());
        }
        let (slug, _) = db::store(&mut tx, found.tenant).await?;
        note(&mut tx, origin, &found, found.id, account).await?;
        tx.commit().await?;
        let url = landlord.settings.store_url(&slug);
        Ok(Accepted { account_id: account, tenant_id: found.tenant, slug, url, role: found.role })
    })
    .await
}

async fn note(
    tx: &mut kernel::db::LandlordTx,
    origin: &Origin,
    found: &Found,
    id: InvitationId,
    account: AccountId,
) -> sqlx::Result<()> {
    let data = json!({"invitation": id, "role": found.role});
    let act = Act { action: "staff.joined", tenant: Some(found.tenant), account: Some(account), data };
    audit::note(tx, &origin.clone().acting(Actor::Staff(account.0)), &act).await
}

/// The hash of the password for a new account. Called while no transaction is open.
async fn new_password(landlord: &Landlord, found: &Found, request: &Accept) -> Result<String, InvitationError> {
    if accounts::find(landlord, &found.email).await?.is_some() {
        return Err(InvitationError::LoginRequired);
    }
    let password = request.password.clone().ok_or(InvitationError::PasswordMissing)?;
    let about = vec![found.email.to_string()];
    let judged = landlord.hasher.judge(password.clone(), about).await.map_err(AccountError::from)?;
    judged.map_err(AccountError::from)?;
    Ok(landlord.hasher.hash(password).await.map_err(AccountError::from)?)
}
