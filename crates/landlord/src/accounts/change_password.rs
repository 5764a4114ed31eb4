//! Choose another password, knowing the old one.

use kernel::origin::Origin;
use serde::Deserialize;
use serde_json::json;

use super::account_token::Purpose;
use super::db::{self, tokens};
use super::{AccountError, Email, prove_password};
use crate::access::Account;
use crate::audit::{self, Act};
use crate::mails::kinds::AccountMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

/// The old and the new.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one that holds now.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub current_password: String,
    /// The one that is to hold.
    #[garde(length(bytes, max = 1024))]
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    pub new_password: String,
}

/// Changes the password. All other sessions end, and links to choose a new one are void.
pub async fn change_password(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    request: &ChangePassword,
) -> Result<(), AccountError> {
    let email = Email::parse(&account.email)?;
    let judged = landlord.hasher.judge(request.new_password.clone(), vec![account.email.clone()]).await?;
    judged.map_err(AccountError::NewPassword)?;
    prove_password(landlord, origin, account, &request.current_password).await?;
    let hash = landlord.hasher.hash(request.new_password.clone()).await?;
    let mut tx = landlord.db.begin().await?;
    db::lock(&mut tx, account.id).await?.ok_or(AccountError::WrongPassword)?;
    db::set_password(&mut tx, account.id, &hash).await?;
    let ended = db::revoke_others(&mut tx, account.id, account.session, "the password was changed").await?;
    tokens::void(&mut tx, account.id, Purpose::ResetPassword.name()).await?;
    mails::enqueue(&mut tx, origin, NewMail::new(email, AccountMail::PasswordChanged).for_account(account.id)).await?;
    let data = json!({"sessions_ended": ended});
    let act = Act { action: "account.password_changed", tenant: None, account: Some(account.id), data };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}
