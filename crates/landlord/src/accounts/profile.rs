//! What an account says of itself.

use kernel::db::LandlordTx;
use kernel::origin::Origin;
use serde::Deserialize;
use serde_json::json;

use super::{AccountError, db};
use crate::access::Account;
use crate::audit::{self, Act};

/// What is to change.
#[derive(Debug, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    /// One's name for people; null takes it away.
    #[garde(inner(length(chars, min = 1, max = 120), custom(kernel::text::plain_text)))]
    #[schema(min_length = 1, max_length = 120)]
    pub name: Option<String>,
}

/// Changes one's profile.
pub async fn change_profile(
    tx: &mut LandlordTx,
    origin: &Origin,
    account: &Account,
    request: &ChangeProfile,
) -> Result<(), AccountError> {
    let name = request.name.as_deref().map(str::trim);
    db::set_name(tx, account.id, name).await?;
    let act = Act { action: "account.profile_changed", tenant: None, account: Some(account.id), data: json!({}) };
    audit::note(tx, origin, &act).await?;
    Ok(())
}
