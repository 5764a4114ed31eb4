//! Create an account, or recognise the person who already has one.

use kernel::db::LandlordTx;
use kernel::id::AccountId;
use kernel::origin::Origin;

use super::{AccountError, Email, db, second_factor};
use crate::platform::Landlord;

/// Who asks for something that needs an account.
#[derive(Debug)]
pub enum Person {
    /// Nobody has the address yet; the hash is that of the password they chose.
    New {
        /// What to store.
        password_hash: String,
    },
    /// They have an account, and this is its password.
    Known(AccountId),
    /// Somebody has an account with the address, and the password is not theirs.
    Stranger,
}

/// Finds out who somebody is who may have an account; with a second factor, its code is used up. Takes the time of one hash, whoever it is; called while no
/// transaction is open.
pub async fn identify(
    landlord: &Landlord,
    origin: &Origin,
    email: &Email,
    password: &str,
    code: Option<&str>,
) -> Result<Person, AccountError> {
    let found = find(landlord, email).await?;
    let Some(found) = found else {
        return Ok(Person::New { password_hash: landlord.hasher.hash(password.to_owned()).await? });
    };
    landlord.throttle.admit(email, origin.ip, landlord.clock.now())?;
    let verified = landlord.hasher.verify(password.to_owned(), Some(found.password_hash)).await;
    if verified.is_err() {
        landlord.throttle.give_back(email, origin.ip);
    }
    if verified? && !found.disabled {
        landlord.throttle.clear(email, origin.ip);
        if found.second_factor {
            let code = code.ok_or(AccountError::CodeRequired { challenge: None })?;
            let mut tx = landlord.db.begin().await?;
            second_factor::prove(&mut tx, landlord, origin, found.id, code).await?;
            tx.commit().await?;
        }
        Ok(Person::Known(found.id))
    } else {
        Ok(Person::Stranger)
    }
}

/// Reads the account that has the address.
pub async fn find(landlord: &Landlord, email: &Email) -> sqlx::Result<Option<db::Credentials>> {
    let mut tx = landlord.db.begin().await?;
    let found = db::by_email(&mut tx, email).await?;
    tx.commit().await?;
    Ok(found)
}

/// Creates an account. `None` when somebody else has just taken the address.
pub async fn create(tx: &mut LandlordTx, email: &Email, password_hash: &str) -> sqlx::Result<Option<AccountId>> {
    let id = AccountId::new();
    Ok(db::insert(tx, id, email, password_hash).await?.then_some(id))
}

/// Locks an account until the transaction ends. Says whether its address is verified; `None` when it is disabled.
pub async fn lock(tx: &mut LandlordTx, id: AccountId) -> sqlx::Result<Option<bool>> {
    Ok(db::lock(tx, id).await?.map(|account| account.verified))
}
