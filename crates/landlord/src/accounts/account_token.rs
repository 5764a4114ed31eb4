//! What the link in a letter proves: that its reader has the address it was sent to.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::secret;
use uuid::Uuid;

use super::db::tokens::{self, NewToken, Proven};
use super::{Email, TokenKeys};

/// What a token is good for, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    VerifyEmail,
    ResetPassword,
    ChangeEmail,
}

/// Most letters of one purpose to one account within an hour.
pub(super) const HOURLY: i64 = 3;

impl Purpose {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
        }
    }

    fn minutes(self) -> u32 {
        match self {
            Self::VerifyEmail => 3 * 24 * 60,
            Self::ResetPassword => 30,
            Self::ChangeEmail => 24 * 60,
        }
    }
}

/// Makes a token and voids those before it. Its secret follows from the id that is returned.
pub(super) async fn issue(
    tx: &mut LandlordTx,
    keys: &TokenKeys,
    account: AccountId,
    purpose: Purpose,
    email: &Email,
) -> sqlx::Result<Uuid> {
    // Not of version 7: nobody should be able to tell from a link when it was made.
    let id = Uuid::new_v4();
    let hash = secret::hash(&keys.derived(purpose.name(), id));
    tokens::void(tx, account, purpose.name()).await?;
    let new = NewToken { id, purpose: purpose.name(), hash: &hash, email, minutes: purpose.minutes() };
    tokens::insert(tx, account, &new).await?;
    Ok(id)
}

/// Have so many been asked for within the last hour that no more are sent?
pub(super) async fn is_plenty(tx: &mut LandlordTx, account: AccountId, purpose: Purpose) -> sqlx::Result<bool> {
    Ok(tokens::recent(tx, account, purpose.name()).await? >= HOURLY)
}

/// Who holds this token, if it still holds; it is not used up.
pub(super) async fn look(tx: &mut LandlordTx, purpose: Purpose, token: &str) -> sqlx::Result<Option<Proven>> {
    tokens::look(tx, purpose.name(), &secret::hash(token)).await
}

/// Uses a token up.
pub(super) async fn spend(tx: &mut LandlordTx, purpose: Purpose, token: &str) -> sqlx::Result<Option<Proven>> {
    tokens::spend(tx, purpose.name(), &secret::hash(token)).await
}
