//! Make a key.

use chrono::{DateTime, Utc};
use kernel::db::{LandlordTx, retrying};
use kernel::id::{AccountId, TenantId};
use kernel::origin::Origin;
use kernel::problem::FieldError;
use kernel::role::Role;
use kernel::secret;
use serde::Deserialize;
use serde_json::json;

use super::db::{self, New};
use super::{ApiKey, ApiKeyError, ApiKeyId, ApiKeyKind, NewApiKey};
use crate::accounts::Email;
use crate::audit::{self, Act};
use crate::mails;
use crate::mails::kinds::StaffMail;
use crate::members;
use crate::platform::Landlord;

/// Keys that live, of one store.
const MOST: i64 = 100;
/// Letters of a secret key that are shown later.
const SHOWN: usize = 11;

/// What key is wanted.
#[derive(Debug, Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What it is for.
    #[garde(skip)]
    pub kind: ApiKeyKind,
    /// Its name for people.
    #[garde(length(chars, min = 1, max = 120), custom(kernel::text::plain_text))]
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// Permissions of a secret key, such as `orders.read`; none for a publishable one.
    #[garde(length(max = 100))]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub scopes: Vec<String>,
    /// Until when; for ever when not given.
    #[garde(skip)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key and tells it, once. The scopes were compared with what the maker may do.
pub async fn create(
    landlord: &Landlord,
    origin: &Origin,
    tenant: TenantId,
    by: AccountId,
    request: &CreateApiKey,
) -> Result<NewApiKey, ApiKeyError> {
    check(request, landlord.clock.now())?;
    let mut scopes = request.scopes.clone();
    scopes.sort();
    scopes.dedup();
    retrying(|| async {
        let mut tx = landlord.db.begin().await?;
        let store = members::lock(&mut tx, tenant).await?;
        let role = members::role_of(&mut tx, tenant, by).await?.ok_or(ApiKeyError::NotFound)?;
        if db::living(&mut tx, tenant).await? >= MOST {
            return Err(ApiKeyError::TooMany(MOST));
        }
        let wanted = Wanted {
            tenant,
            kind: request.kind,
            name: request.name.trim(),
            scopes: &scopes,
            role: as_key(role),
            by,
            expires_at: request.expires_at,
        };
        let made = insert(&mut tx, &wanted).await?;
        let maker = members::email_of(&mut tx, tenant, by).await?;
        let maker = maker.as_ref().map_or("Somebody", Email::as_str).to_owned();
        let mail = StaffMail::ApiKeyCreated { store, key: made.api_key.name.clone(), by: maker };
        mails::tell_owners(&mut tx, origin, tenant, mail, None).await?;
        let data = json!({"api_key": made.api_key.id, "kind": request.kind, "scopes": scopes});
        let act = Act { action: "api_key.created", tenant: Some(tenant), account: None, data };
        audit::note(&mut tx, origin, &act).await?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}

/// A key is never an owner.
fn as_key(role: Role) -> Role {
    match role {
        Role::Owner | Role::Manager => Role::Manager,
        Role::Fulfilment => Role::Fulfilment,
        Role::Support => Role::Support,
        Role::Viewer => Role::Viewer,
    }
}

fn check(request: &CreateApiKey, now: DateTime<Utc>) -> Result<(), ApiKeyError> {
    let mut errors = Vec::new();
    let wrong = match request.kind {
        ApiKeyKind::Secret => request.scopes.is_empty().then_some("name at least one scope"),
        ApiKeyKind::Publishable => (!request.scopes.is_empty()).then_some("a publishable key has no scopes"),
    };
    if let Some(message) = wrong {
        errors.push(FieldError::new("scopes", "api_key.scopes", message));
    }
    if request.expires_at.is_some_and(|end| end <= now) {
        errors.push(FieldError::new("expires_at", "api_key.expired", "must be in the future"));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiKeyError::Invalid(errors)) }
}

/// What a key is made of.
pub(super) struct Wanted<'a> {
    pub(super) tenant: TenantId,
    pub(super) kind: ApiKeyKind,
    pub(super) name: &'a str,
    pub(super) scopes: &'a [String],
    pub(super) role: Role,
    pub(super) by: AccountId,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert(tx: &mut LandlordTx, wanted: &Wanted<'_>) -> Result<NewApiKey, ApiKeyError> {
    let key = format!("{}{}", wanted.kind.prefix(), secret::random());
    let shown = match wanted.kind {
        ApiKeyKind::Secret => key.get(..SHOWN).unwrap_or_default(),
        ApiKeyKind::Publishable => key.as_str(),
    };
    let id = ApiKeyId::new();
    let hash = secret::hash(&key);
    let new = New {
        id,
        tenant: wanted.tenant,
        kind: wanted.kind,
        name: wanted.name,
        shown,
        hash: &hash,
        scopes: wanted.scopes,
        role: wanted.role,
        by: wanted.by,
        expires_at: wanted.expires_at,
    };
    db::insert(tx, &new).await?;
    let (api_key, _): (ApiKey, Role) = db::find(tx, wanted.tenant, id).await?.ok_or(ApiKeyError::NotFound)?;
    Ok(NewApiKey { key, api_key })
}
