//! Make sure that a platform admin exists.

use kernel::id::AccountId;
use kernel::origin::Origin;
use serde_json::json;

use super::{AccountError, Email, create, db, find};
use crate::audit::{self, Act};
use crate::platform::Landlord;

/// Creates the account, or gives the rights and this password to the one that has the address. When the password is
/// another than before, the account's sessions end.
pub async fn ensure_admin(
    landlord: &Landlord,
    origin: &Origin,
    email: &str,
    password: &str,
) -> Result<AccountId, AccountError> {
    let email = Email::parse(email)?;
    landlord.hasher.judge(password.to_owned(), vec![email.to_string()]).await??;
    let found = find(landlord, &email).await?.map(|account| account.password_hash);
    let unchanged = landlord.hasher.verify(password.to_owned(), found.clone()).await?;
    let hash = match found {
        Some(hash) if unchanged => hash,
        Some(_) | None => landlord.hasher.hash(password.to_owned()).await?,
    };

    let mut tx = landlord.db.begin().await?;
    let id = match create(&mut tx, &email, &hash).await? {
        Some(id) => id,
        None => db::by_email(&mut tx, &email).await?.ok_or(sqlx::Error::RowNotFound)?.id,
    };
    db::make_admin(&mut tx, id, &hash).await?;
    if !unchanged {
        db::revoke_all(&mut tx, id, "the password was set anew").await?;
    }
    let data = json!({"password_changed": !unchanged});
    audit::note(&mut tx, origin, &Act { action: "account.made_admin", tenant: None, account: Some(id), data }).await?;
    tx.commit().await?;
    Ok(id)
}
