//! Log in.

use kernel::origin::Origin;
use serde::Deserialize;

use super::{AccountError, AccountView, Email, LoggedIn, db, find, open_session};
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
}

/// Opens a session. Who has no account, or a disabled one, gets the same answer after the same time as who has the
/// wrong password.
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

    let mut tx = landlord.db.begin().await?;
    let grant = open_session(&mut tx, landlord, origin, account.id).await?;
    tx.commit().await?;
    let tokens = landlord.keys.first_tokens(&grant)?;
    Ok(LoggedIn { account: AccountView { id: account.id, email: email.to_string() }, tokens })
}

async fn check(landlord: &Landlord, email: &Email, password: String) -> Result<Option<db::Credentials>, AccountError> {
    let found = find(landlord, email).await?;
    let hash = found.as_ref().map(|account| account.password_hash.clone());
    let right = landlord.hasher.verify(password, hash).await?;
    Ok(found.filter(|account| right && !account.disabled))
}
