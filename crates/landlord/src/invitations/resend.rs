//! Send an invitation once more.

use kernel::db::retrying;
use kernel::entitlements::Entitlements;
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use serde_json::json;

use super::invite::{DAILY, Letter, new_token, send};
use super::{Invitation, InvitationError, InvitationId, db};
use crate::audit::{self, Act};
use crate::members::{self, MemberError};
use crate::platform::Landlord;

/// Most letters for one invitation.
const LETTERS: i32 = 10;

/// Sends another link, for another seven days; the one before is void. One that had expired takes its seat again.
pub async fn resend(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    by: AccountId,
    entitlements: &Entitlements,
    id: InvitationId,
) -> Result<Invitation, InvitationError> {
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let store = members::lock(&mut tx, tenant).await?;
        let mine = members::role_of(&mut tx, tenant, by).await?.ok_or(MemberError::NotFound)?;
        let Some((found, letters, expired)) = db::pending(&mut tx, tenant, id).await? else {
            let there = db::exists(&mut tx, tenant, id).await?;
            return Err(if there { InvitationError::Over } else { InvitationError::NotFound });
        };
        if !mine.decides_over(found.role) {
            return Err(MemberError::Above(mine, found.role).into());
        }
        if letters >= LETTERS || db::letters_today(&mut tx, tenant).await? >= DAILY {
            return Err(InvitationError::TooManyLetters);
        }
        if expired {
            members::take_seat(&mut tx, tenant, entitlements).await?;
        }
        let (token, hash) = new_token(&landlord.keys);
        db::renew(&mut tx, id, &hash).await?;
        let made = db::find(&mut tx, tenant, id).await?.ok_or(InvitationError::NotFound)?;
        let letter = Letter { token, store, role: found.role, by: made.invited_by.clone() };
        send(&mut tx, origin, tenant, found.email, letter).await?;
        let data = json!({"invitation": id});
        let act = Act { action: "staff.invitation_resent", tenant: Some(tenant), account: None, data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}
