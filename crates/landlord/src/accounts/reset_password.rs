//! Choose a new password, having forgotten the old one.

use kernel::id::AccountId;
use kernel::origin::Origin;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::account_token::{self, Purpose};
use super::db::{self, tokens};
use super::{AccountError, Email};
use crate::audit::{self, Act};
use crate::mails::kinds::AccountMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

/// Who has forgotten.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    /// The address of the account.
    #[garde(length(bytes, min = 1, max = 320))]
    #[schema(min_length = 1, max_length = 320)]
    pub email: String,
}

/// The new one, and the link's token.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// From the link in the letter.
    #[garde(length(bytes, min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    pub token: String,
    /// The password that is to hold.
    #[garde(length(bytes, max = 1024))]
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    pub password: String,
}

/// Sends a letter: with a link to who has an account, and with the news that there is none to who has not. The same
/// statements run for both, so neither answer nor time tells which.
///
/// Of one address three letters an hour are sent; after that the last one still holds, so nobody locks its owner out.
pub async fn forgot_password(
    landlord: &Landlord,
    origin: &Origin,
    request: &ForgotPassword,
) -> Result<(), AccountError> {
    let email = Email::parse(&request.email)?;
    let now = landlord.clock.now();
    landlord.throttle.admit_asking(&email, origin.ip, now)?;
    let mut tx = landlord.db.begin().await?;
    let found = db::by_email(&mut tx, &email).await?.filter(|account| !account.disabled);
    let account = found.as_ref().map_or(AccountId(Uuid::nil()), |account| account.id);
    let locked = db::lock(&mut tx, account).await?.is_some();
    if !account_token::is_plenty(&mut tx, account, Purpose::ResetPassword).await? {
        let token = account_token::issue(&mut tx, &landlord.keys, account, Purpose::ResetPassword, &email).await?;
        let mail = if locked {
            NewMail::new(email, AccountMail::ResetPassword { token }).for_account(account)
        } else {
            let key = format!("no-account:{email}:{}", now.format("%Y%m%d%H"));
            NewMail::new(email, AccountMail::NoAccount).once(key)
        };
        mails::enqueue(&mut tx, origin, mail).await?;
    }
    let act =
        Act { action: "account.password_forgotten", tenant: None, account: locked.then_some(account), data: json!({}) };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets the new password. The link has shown that the address is theirs; all sessions end. A second factor stays.
pub async fn reset_password(landlord: &Landlord, origin: &Origin, request: &ResetPassword) -> Result<(), AccountError> {
    let mut tx = landlord.db.begin().await?;
    let found = account_token::look(&mut tx, Purpose::ResetPassword, &request.token).await?;
    tx.commit().await?;
    let found = found.ok_or(AccountError::InvalidToken)?;
    let judged = landlord.hasher.judge(request.password.clone(), vec![found.email.to_string()]).await?;
    judged?;
    let hash = landlord.hasher.hash(request.password.clone()).await?;

    let mut tx = landlord.db.begin().await?;
    let account = db::lock(&mut tx, found.account).await?.ok_or(AccountError::InvalidToken)?;
    let spent = account_token::spend(&mut tx, Purpose::ResetPassword, &request.token).await?;
    let proven = spent.filter(|proven| proven.email == account.email).ok_or(AccountError::InvalidToken)?;
    db::set_password(&mut tx, proven.account, &hash).await?;
    db::verify_email(&mut tx, proven.account, &proven.email).await?;
    db::revoke_all(&mut tx, proven.account, "the password was set anew").await?;
    tokens::void(&mut tx, proven.account, Purpose::ResetPassword.name()).await?;
    let mail = NewMail::new(proven.email, AccountMail::PasswordChanged).for_account(proven.account);
    mails::enqueue(&mut tx, origin, mail).await?;
    let act = Act { action: "account.password_reset", tenant: None, account: Some(proven.account), data: json!({}) };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}
