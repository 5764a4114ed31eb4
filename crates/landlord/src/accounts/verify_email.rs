//! Show that an address is one's own: the first one, or another.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;
use kernel::secret;
use serde::Deserialize;
use serde_json::json;

use super::account_token::{self, Purpose};
use super::db::{self, tokens};
use super::{AccountError, Email, prove_password};
use crate::access::Account;
use crate::audit::{self, Act};
use crate::mails::kinds::AccountMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

/// The token of a link.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithToken {
    /// From the link in the letter.
    #[garde(length(bytes, min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    pub token: String,
}

/// Another address.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    /// The new address.
    #[garde(length(bytes, min = 1, max = 320))]
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// The account's password.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub password: String,
}

/// Asks the owner of a new account to show that the address is theirs.
pub async fn ask_to_verify(
    tx: &mut LandlordTx,
    landlord: &Landlord,
    origin: &Origin,
    account: AccountId,
    email: &Email,
) -> sqlx::Result<()> {
    let token = account_token::issue(tx, &landlord.keys, account, Purpose::VerifyEmail, email).await?;
    let mail = NewMail::new(email.clone(), AccountMail::VerifyEmail { token }).for_account(account);
    mails::enqueue(tx, origin, mail).await?;
    Ok(())
}

/// An address that a letter has verified by another way.
pub(crate) async fn note_verified(tx: &mut LandlordTx, account: AccountId, email: &Email) -> sqlx::Result<()> {
    db::verify_email(tx, account, email).await.map(drop)
}

/// The same letter again. Nothing happens when the address is verified.
pub async fn resend_verification(landlord: &Landlord, origin: &Origin, account: &Account) -> Result<(), AccountError> {
    let mut tx = landlord.db.begin().await?;
    let found = db::lock(&mut tx, account.id).await?.ok_or(AccountError::NotFound)?;
    if found.verified {
        return Ok(());
    }
    if account_token::is_plenty(&mut tx, account.id, Purpose::VerifyEmail).await? {
        return Err(AccountError::TooManyLetters);
    }
    ask_to_verify(&mut tx, landlord, origin, account.id, &found.email).await?;
    tx.commit().await?;
    Ok(())
}

/// The link was followed. A second time is as good as the first.
pub async fn verify_email(landlord: &Landlord, origin: &Origin, request: &WithToken) -> Result<(), AccountError> {
    let mut tx = landlord.db.begin().await?;
    let Some(proven) = account_token::spend(&mut tx, Purpose::VerifyEmail, &request.token).await? else {
        let again = tokens::was_spent(&mut tx, Purpose::VerifyEmail.name(), &secret::hash(&request.token)).await?;
        return if again { Ok(()) } else { Err(AccountError::InvalidToken) };
    };
    if !db::verify_email(&mut tx, proven.account, &proven.email).await? {
        return Err(AccountError::InvalidToken);
    }
    let data = json!({});
    let act = Act { action: "account.email_verified", tenant: None, account: Some(proven.account), data };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}

/// Asks the new address to be confirmed, and tells the old one. Whether somebody else has the new one is found out by
/// who can read its letters, and by nobody else.
pub async fn change_email(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    request: &ChangeEmail,
) -> Result<(), AccountError> {
    let new = Email::parse(&request.email)?;
    prove_password(landlord, origin, account, &request.password).await?;
    let mut tx = landlord.db.begin().await?;
    let found = db::lock(&mut tx, account.id).await?.ok_or(AccountError::NotFound)?;
    if found.email == new {
        return Ok(());
    }
    if account_token::is_plenty(&mut tx, account.id, Purpose::ChangeEmail).await? {
        return Err(AccountError::TooManyLetters);
    }
    let token = account_token::issue(&mut tx, &landlord.keys, account.id, Purpose::ChangeEmail, &new).await?;
    let to = masked(&new);
    let confirm = NewMail::new(new, AccountMail::ConfirmNewEmail { token }).for_account(account.id);
    mails::enqueue(&mut tx, origin, confirm).await?;
    let tell = NewMail::new(found.email, AccountMail::EmailChangeAsked { to: to.clone() }).for_account(account.id);
    mails::enqueue(&mut tx, origin, tell).await?;
    let data = json!({"to": to});
    let act = Act { action: "account.email_change_asked", tenant: None, account: Some(account.id), data };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}

/// The new address is theirs: the account moves to it. Links that went to the old one are void.
pub async fn confirm_email(landlord: &Landlord, origin: &Origin, request: &WithToken) -> Result<(), AccountError> {
    let mut tx = landlord.db.begin().await?;
    let proven = account_token::look(&mut tx, Purpose::ChangeEmail, &request.token).await?;
    let proven = proven.ok_or(AccountError::InvalidToken)?;
    let found = db::lock(&mut tx, proven.account).await?.ok_or(AccountError::InvalidToken)?;
    let proven = account_token::spend(&mut tx, Purpose::ChangeEmail, &request.token).await?;
    let proven = proven.ok_or(AccountError::InvalidToken)?;
    if !db::set_email(&mut tx, proven.account, &proven.email).await? {
        return Err(AccountError::EmailTaken);
    }
    for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail, Purpose::ChangeEmail] {
        tokens::void(&mut tx, proven.account, purpose.name()).await?;
    }
    let to = masked(&proven.email);
    let tell = NewMail::new(found.email, AccountMail::EmailChanged { to: to.clone() }).for_account(proven.account);
    mails::enqueue(&mut tx, origin, tell).await?;
    let act =
        Act { action: "account.email_changed", tenant: None, account: Some(proven.account), data: json!({"to": to}) };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(())
}

/// `m***@example.com`: enough to be recognised by who knows it.
fn masked(email: &Email) -> String {
    let (local, domain) = email.as_str().split_once('@').unwrap_or_default();
    format!("{}***@{domain}", local.chars().take(1).collect::<String>())
}
