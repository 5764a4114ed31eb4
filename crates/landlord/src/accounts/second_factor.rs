//! The second factor: a code by time beside the password, and recovery codes for who has lost the device.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;
use kernel::secret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::db::{self, factors};
use super::{AccountError, Email, LoggedIn, TokenKeys, grant_session, prove_password, totp};
use crate::access::Account;
use crate::audit::{self, Act};
use crate::mails::kinds::AccountMail;
use crate::mails::{self, NewMail};
use crate::platform::Landlord;

const RECOVERY_CODES: usize = 10;

/// Bytes of an authenticator's secret, as RFC 4226 wants them.
const SECRET_BYTES: usize = 20;

/// One's password, for what a stolen session must not do.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithPassword {
    /// The account's password.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub password: String,
}

/// A code of one's authenticator.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithCode {
    /// Six digits.
    #[garde(length(bytes, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub code: String,
}

/// Password and code.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithBoth {
    /// The account's password.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub password: String,
    /// Six digits of the authenticator, or a recovery code.
    #[garde(length(bytes, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub code: String,
}

/// The code that a login waits for.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerChallenge {
    /// From the refusal of the login.
    #[garde(length(bytes, min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    pub challenge: String,
    /// Six digits of the authenticator, or a recovery code.
    #[garde(length(bytes, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub code: String,
}

/// What an authenticator is set up with.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Enrolment {
    /// To be typed.
    pub secret: String,
    /// To be shown as a QR code.
    pub otpauth_uri: String,
}

/// Each opens the account once instead of a code. Told once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    /// Ten of them.
    pub recovery_codes: Vec<String>,
}

/// Begins to set an authenticator up; it counts once a code of it has come.
pub async fn enrol(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    request: &WithPassword,
) -> Result<Enrolment, AccountError> {
    prove_password(landlord, origin, account, &request.password).await?;
    let mut tx = landlord.db.begin().await?;
    let factor = factors::begin(&mut tx, account.id).await?;
    if factor.confirmed {
        return Err(AccountError::FactorExists);
    }
    tx.commit().await?;
    let secret = secret_of(&landlord.keys, account.id, factor);
    let otpauth_uri = totp::uri(&landlord.settings.platform_name, &account.email, &secret);
    Ok(Enrolment { secret: totp::base32(&secret), otpauth_uri })
}

/// The first code of a new authenticator: from now on every login takes one.
pub async fn confirm(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    code: &str,
) -> Result<RecoveryCodes, AccountError> {
    landlord.throttle.admit_code(account.id, landlord.clock.now())?;
    let mut tx = landlord.db.begin().await?;
    let factor = factors::of(&mut tx, account.id).await?.ok_or(AccountError::NoFactor)?;
    if factor.confirmed {
        return Err(AccountError::FactorExists);
    }
    let secret = secret_of(&landlord.keys, account.id, factor);
    let step = totp::matching_step(&secret, code.trim(), landlord.clock.now().timestamp());
    let step = step.ok_or(AccountError::InvalidCode)?;
    if !factors::confirm(&mut tx, account.id, factor.id, step).await? {
        return Err(AccountError::FactorExists);
    }
    db::note_factor(&mut tx, account.session).await?;
    let codes = new_codes(&mut tx, account.id).await?;
    tell(&mut tx, origin, account, "account.second_factor_on", AccountMail::TwoFactorOn).await?;
    tx.commit().await?;
    landlord.throttle.clear_code(account.id);
    Ok(codes)
}

/// New recovery codes; the old ones are void.
pub async fn renew_recovery_codes(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    request: &WithBoth,
) -> Result<RecoveryCodes, AccountError> {
    prove_password(landlord, origin, account, &request.password).await?;
    let mut tx = landlord.db.begin().await?;
    prove(&mut tx, landlord, origin, account.id, &request.code).await?;
    let codes = new_codes(&mut tx, account.id).await?;
    tell(&mut tx, origin, account, "account.recovery_codes_renewed", AccountMail::RecoveryCodesRenewed).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Lets the password alone open the account again. Not for platform admins.
pub async fn disable(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    request: &WithBoth,
) -> Result<(), AccountError> {
    if account.platform_admin {
        return Err(AccountError::FactorObligatory);
    }
    prove_password(landlord, origin, account, &request.password).await?;
    let mut tx = landlord.db.begin().await?;
    prove(&mut tx, landlord, origin, account.id, &request.code).await?;
    factors::remove(&mut tx, account.id).await?;
    tell(&mut tx, origin, account, "account.second_factor_off", AccountMail::TwoFactorOff).await?;
    tx.commit().await?;
    Ok(())
}

/// The code of a login that waits for one. Each login takes five tries, and one of them at most leads to a session.
pub async fn answer_challenge(
    landlord: &Landlord,
    origin: &Origin,
    request: &AnswerChallenge,
) -> Result<LoggedIn, AccountError> {
    let hash = secret::hash(&request.challenge);
    let mut tx = landlord.db.begin().await?;
    let account = factors::try_challenge(&mut tx, &hash).await?;
    tx.commit().await?;
    let account = account.ok_or(AccountError::InvalidChallenge)?;

    let mut tx = landlord.db.begin().await?;
    prove(&mut tx, landlord, origin, account, &request.code).await?;
    if !factors::finish_challenge(&mut tx, &hash).await? {
        return Err(AccountError::InvalidChallenge);
    }
    grant_session(tx, landlord, origin, account, true).await
}

/// Asks for the code of a login whose password was right.
pub(super) async fn challenge(landlord: &Landlord, account: AccountId) -> Result<AccountError, AccountError> {
    let challenge = secret::random();
    let mut tx = landlord.db.begin().await?;
    factors::insert_challenge(&mut tx, &secret::hash(&challenge), account).await?;
    tx.commit().await?;
    Ok(AccountError::CodeRequired { challenge: Some(challenge) })
}

/// Uses a code up: one of the authenticator, or a recovery code. Locks the account's factor until the transaction ends.
pub(crate) async fn prove(
    tx: &mut LandlordTx,
    landlord: &Landlord,
    origin: &Origin,
    account: AccountId,
    code: &str,
) -> Result<(), AccountError> {
    let now = landlord.clock.now();
    landlord.throttle.admit_code(account, now)?;
    let factor = factors::of(tx, account).await?.filter(|factor| factor.confirmed).ok_or(AccountError::NoFactor)?;
    let typed: String = code.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    let right = if typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit()) {
        let secret = secret_of(&landlord.keys, account, factor);
        match totp::matching_step(&secret, &typed, now.timestamp()) {
            Some(step) => factors::spend_step(tx, account, factor.id, step).await?,
            None => false,
        }
    } else {
        recover(tx, origin, account, &typed).await?
    };
    if right {
        landlord.throttle.clear_code(account);
        Ok(())
    } else {
        Err(AccountError::InvalidCode)
    }
}

async fn recover(tx: &mut LandlordTx, origin: &Origin, account: AccountId, typed: &str) -> Result<bool, AccountError> {
    if !factors::spend_code(tx, account, &secret::hash(&typed.to_ascii_lowercase())).await? {
        return Ok(false);
    }
    let left = factors::codes_left(tx, account).await?;
    if let Some(found) = db::lock(tx, account).await? {
        let mail = NewMail::new(found.email, AccountMail::RecoveryCodeUsed { left }).for_account(account);
        mails::enqueue(tx, origin, mail).await?;
    }
    let data = json!({"left": left});
    let act = Act { action: "account.recovery_code_used", tenant: None, account: Some(account), data };
    audit::note(tx, origin, &act).await?;
    Ok(true)
}

/// Does a login to this account take a code?
pub async fn has_second_factor(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<bool> {
    Ok(factors::of(tx, account).await?.is_some_and(|factor| factor.confirmed))
}

/// What the authenticator of an account is set up with, confirmed on the operator's word. For platform admins, who
/// cannot begin without one. The same again whenever it is asked.
pub async fn factor_by_operator(
    landlord: &Landlord,
    origin: &Origin,
    account: AccountId,
) -> Result<String, AccountError> {
    let mut tx = landlord.db.begin().await?;
    let factor = factors::begin(&mut tx, account).await?;
    if !factor.confirmed && factors::confirm(&mut tx, account, factor.id, 0).await? {
        let act = Act { action: "account.second_factor_on", tenant: None, account: Some(account), data: json!({}) };
        audit::note(&mut tx, origin, &act).await?;
    }
    tx.commit().await?;
    Ok(totp::base32(&secret_of(&landlord.keys, account, factor)))
}

/// Takes the second factor away on the operator's word, for who has lost device and recovery codes. All sessions end.
pub async fn reset_factor_by_operator(
    landlord: &Landlord,
    origin: &Origin,
    email: &str,
) -> Result<AccountId, AccountError> {
    let email = Email::parse(email)?;
    let mut tx = landlord.db.begin().await?;
    let id = db::by_email(&mut tx, &email).await?.ok_or(AccountError::NotFound)?.id;
    factors::remove(&mut tx, id).await?;
    db::revoke_all(&mut tx, id, "the second factor was reset").await?;
    mails::enqueue(&mut tx, origin, NewMail::new(email, AccountMail::TwoFactorOff).for_account(id)).await?;
    let act = Act { action: "account.second_factor_reset", tenant: None, account: Some(id), data: json!({}) };
    audit::note(&mut tx, origin, &act).await?;
    tx.commit().await?;
    Ok(id)
}

/// Follows from the factor's id and our key: there is nothing to steal from the database.
fn secret_of(keys: &TokenKeys, account: AccountId, factor: factors::Factor) -> Vec<u8> {
    let derived = secret::hash(&keys.derived(&format!("second factor of {account}"), factor.id));
    derived.into_iter().take(SECRET_BYTES).collect()
}

async fn new_codes(tx: &mut LandlordTx, account: AccountId) -> sqlx::Result<RecoveryCodes> {
    let codes: Vec<String> =
        (0..RECOVERY_CODES).map(|_| totp::base32(&rand::random::<[u8; 10]>()).to_ascii_lowercase()).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| secret::hash(code)).collect();
    factors::put_codes(tx, account, &hashes).await?;
    let shown = |code: &String| format!("{}-{}-{}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..]);
    Ok(RecoveryCodes { recovery_codes: codes.iter().map(shown).collect() })
}

async fn tell(
    tx: &mut LandlordTx,
    origin: &Origin,
    account: &Account,
    action: &'static str,
    mail: AccountMail,
) -> Result<(), AccountError> {
    let to = Email::parse(&account.email)?;
    mails::enqueue(tx, origin, NewMail::new(to, mail).for_account(account.id)).await?;
    audit::note(tx, origin, &Act { action, tenant: None, account: Some(account.id), data: json!({}) }).await?;
    Ok(())
}
