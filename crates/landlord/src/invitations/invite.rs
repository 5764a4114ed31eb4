//! Invite somebody to work in a store.

use kernel::db::{LandlordTx, retrying};
use kernel::entitlements::Entitlements;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use kernel::role::Role;
use kernel::secret;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::db::{self, New};
use super::{Invitation, InvitationError, InvitationId};
use crate::accounts::{AccountError, Email, TokenKeys};
use crate::audit::{self, Act};
use crate::mails::kinds::StaffMail;
use crate::mails::{self, NewMail};
use crate::members::{self, MemberError};
use crate::platform::Landlord;

/// Letters that a store's invitations may take within a day: it is no way to write to strangers.
pub(super) const DAILY: i64 = 100;

/// Who is invited as what.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Where the letter goes.
    #[garde(length(bytes, min = 1, max = 320))]
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// Any role but owner.
    #[garde(skip)]
    pub role: Role,
}

/// Invites somebody. The seat is taken at once, so that no more come than the plan allows.
pub async fn invite(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    by: AccountId,
    entitlements: &Entitlements,
    request: &Invite,
) -> Result<Invitation, InvitationError> {
    let email = Email::parse(&request.email).map_err(AccountError::from)?;
    let role = request.role;
    if role == Role::Owner {
        return Err(InvitationError::Owner);
    }
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let store = members::lock(&mut tx, tenant).await?;
        let mine = members::role_of(&mut tx, tenant, by).await?.ok_or(MemberError::NotFound)?;
        if !mine.decides_over(role) {
            return Err(MemberError::Above(mine, role).into());
        }
        if db::is_member(&mut tx, tenant, &email).await? {
            return Err(MemberError::Member.into());
        }
        db::clear_expired(&mut tx, tenant, &email).await?;
        if db::is_open(&mut tx, tenant, &email).await? {
            return Err(InvitationError::Open);
        }
        if db::letters_today(&mut tx, tenant).await? >= DAILY {
            return Err(InvitationError::TooManyLetters);
        }
        members::take_seat(&mut tx, tenant, entitlements).await?;
        let (token, hash) = new_token(&landlord.keys);
        let id = InvitationId::new();
        db::insert(&mut tx, &New { id, tenant, email: &email, role, by, hash: &hash }).await?;
        let made = db::find(&mut tx, tenant, id).await?.ok_or(InvitationError::NotFound)?;
        let letter = Letter { token, store, role, by: made.invited_by.clone() };
        send(&mut tx, origin, tenant, email.clone(), letter).await?;
        let data = json!({"invitation": id, "role": role});
        let act = Act { action: "staff.invited", tenant: Some(tenant), account: None, data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}

/// The id from which a link's secret follows, and the hash by which it is found.
pub(super) fn new_token(keys: &TokenKeys) -> (Uuid, Vec<u8>) {
    let token = Uuid::new_v4();
    (token, secret::hash(&keys.derived("invitation", token)))
}

/// What the letter says.
pub(super) struct Letter {
    pub(super) token: Uuid,
    pub(super) store: String,
    pub(super) role: Role,
    pub(super) by: String,
}

pub(super) async fn send(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    to: Email,
    letter: Letter,
) -> sqlx::Result<()> {
    let Letter { token, store, role, by } = letter;
    let mail = StaffMail::Invitation { token, store, role: role.name().to_owned(), by };
    mails::enqueue(tx, origin, NewMail::new(to, mail).about(tenant)).await?;
    Ok(())
}
