//! Ask for a letter.

use kernel::db::LandlordTx;
use kernel::id::TenantId;
use kernel::origin::Origin;

use super::{Mail, MailId, NewMail, db, mail};
use crate::tenants;

/// Puts a letter into the queue, in the transaction of what it tells. False when one with the same key is there.
pub async fn enqueue(tx: &mut LandlordTx, origin: &Origin, new: NewMail) -> sqlx::Result<bool> {
    let data = serde_json::to_value(&new.mail).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    db::insert(tx, MailId::new(), &mail::kind(&data), &data, &new, &origin.request_id).await
}

/// The same letter to every owner of a store. With a key, each owner has it once.
pub async fn tell_owners(
    tx: &mut LandlordTx,
    origin: &Origin,
    tenant: TenantId,
    mail: impl Into<Mail>,
    dedup: Option<&str>,
) -> sqlx::Result<()> {
    let mail = mail.into();
    for (account, email) in tenants::owners(tx, tenant).await? {
        let mut new = NewMail::new(email, mail.clone()).about(tenant).for_account(account);
        new.dedup = dedup.map(|key| format!("{key}:{account}"));
        enqueue(tx, origin, new).await?;
    }
    Ok(())
}
