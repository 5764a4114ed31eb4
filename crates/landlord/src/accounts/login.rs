//! Log in.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;
use serde::Deserialize;

use super::{AccountError, AccountView, Email, LoggedIn, db, find, open_session, second_factor};
use crate::access::Account;
use crate::platform::Landlord;

/// Who wants to log in.
#[derive(Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The address of the account.
    #[garde(length(bytes, min = 1, max = 320))]
    #[schema(min_length = 1, max_length = 320)]
    pub email: String,
    /// Its password.
    #[garde(length(bytes, min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub password: String,
    /// A code of its authenticator, or a recovery code, when it has a second factor; or see
    /// `/api/v1/auth/second-factor`.
    #[garde(length(bytes, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub code: Option<String>,
}

/// Opens a session. Who has no account, or a disabled one, gets the same answer after the same time as who has the
/// wrong password. Whether there is a second factor learns only who has the right one.
pub async fn login(landlord: &Landlord, origin: &Origin, request: Login) -> Result<LoggedIn, AccountError> {
    let email = Email::parse(&request.email)?;
    landlord.throttle.admit(&email, origin.ip, landlord.clock.now())?;
    let account = match check(landlord, &email, request.password).await {
        Ok(account) => account.ok_or(AccountError::InvalidCredentials)?,
        Err(error) => {
            landlord.throttle.give_back(&email, origin.ip);
            return Err(error);
        }
    };
    landlord.throttle.clear(&email, origin.ip);
    let code = match (account.second_factor, request.code) {
        (false, _) => None,
        (true, Some(code)) => Some(code),
        (true, None) => return Err(second_factor::challenge(landlord, account.id).await?),
    };
    let mut tx = landlord.db.begin().await?;
    if let Some(code) = &code {
        second_factor::prove(&mut tx, landlord, origin, account.id, code).await?;
    }
    grant_session(tx, landlord, origin, account.id, code.is_some()).await
}

/// Opens the session of somebody who has proved to be who they are, unless the account was shut meanwhile.
pub(super) async fn grant_session(
    mut tx: LandlordTx,
    landlord: &Landlord,
    origin: &Origin,
    account: AccountId,
    second_factor: bool,
) -> Result<LoggedIn, AccountError> {
    let found = db::lock(&mut tx, account).await?.ok_or(AccountError::InvalidCredentials)?;
    let grant = open_session(&mut tx, landlord, origin, account, second_factor).await?;
    tx.commit().await?;
    let tokens = landlord.keys.first_tokens(&grant)?;
    Ok(LoggedIn { account: AccountView { id: account, email: found.email.to_string() }, tokens })
}

async fn check(landlord: &Landlord, email: &Email, password: String) -> Result<Option<db::Credentials>, AccountError> {
    let found = find(landlord, email).await?;
    let hash = found.as_ref().map(|account| account.password_hash.clone());
    let right = landlord.hasher.verify(password, hash).await?;
    Ok(found.filter(|account| right && !account.disabled))
}

/// The password once more, of somebody who is logged in, for what a stolen session must not do. Called while no
/// transaction is open.
pub(crate) async fn prove_password(
    landlord: &Landlord,
    origin: &Origin,
    account: &Account,
    password: &str,
) -> Result<(), AccountError> {
    let email = Email::parse(&account.email)?;
    landlord.throttle.admit(&email, origin.ip, landlord.clock.now())?;
    match check(landlord, &email, password.to_owned()).await {
        Ok(Some(found)) if found.id == account.id => {
            landlord.throttle.clear(&email, origin.ip);
            Ok(())
        }
        Ok(Some(_) | None) => Err(AccountError::WrongPassword),
        Err(error) => {
            landlord.throttle.give_back(&email, origin.ip);
            Err(error)
        }
    }
}
